/** A point in time, on the monotonic clock, by which a whole call must have ended. */
export class Deadline {
  readonly #at: number;

  constructor(milliseconds: number) {
    this.#at = performance.now() + milliseconds;
  }

  /** Milliseconds left; 0 when it has passed. */
  get left(): number {
    return Math.max(0, this.#at - performance.now());
  }

  /** What the promise gives, or `late` when the deadline comes first. The promise goes on by itself. */
  async race<T, L>(promise: Promise<T>, late: L): Promise<T | L> {
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<L>((resolve) => {
      timer = setTimeout(resolve, this.left, late);
    });
    try {
      return await Promise.race([promise, expired]);
    } finally {
      clearTimeout(timer);
    }
  }
}
