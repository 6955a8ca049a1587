/** Hands out a fixed number of places, first come, first served. */
export class ChannelSlots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** How many are taken. */
  taken = 0;

  async take(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.taken += 1;
  }

  give(): void {
    this.taken -= 1;
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
