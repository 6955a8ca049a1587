/** One answer of each witness: what a look brought back. Plain data. */
export type Looks = Readonly<Record<string, unknown>>;

/** Remembers what each witness said last, and can have it said once more in place of what is so now. */
export class ReplayedLooks {
  #last: Record<string, unknown> = {};
  #old: Map<string, unknown>;

  constructor(old: Looks = {}) {
    this.#old = new Map(Object.entries(old));
  }

  get last(): Looks {
    return { ...this.#last };
  }

  /** The next look of each witness brings these back. */
  replay(looks: Looks): void {
    this.#old = new Map(Object.entries(looks));
  }

  async answer<T>(witness: string, ask: () => Promise<T>): Promise<T> {
    if (this.#old.has(witness)) {
      const old = this.#old.get(witness) as T;
      this.#old.delete(witness);
      return old;
    }
    const answer = await ask();
    this.#last[witness] = answer;
    return answer;
  }
}
