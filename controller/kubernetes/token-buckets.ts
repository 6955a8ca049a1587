interface Bucket {
  tokens: number;
  at: number;
}

const mostBuckets = 5_000;

/** For each key: so many at once, and one more every `everyMs`. Times are the caller's, in ms. */
export class TokenBuckets {
  readonly #burst: number;
  readonly #everyMs: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(burst: number, everyMs: number) {
    this.#burst = burst;
    this.#everyMs = everyMs;
  }

  /** Takes one; false when there is none. */
  take(key: string, now: number): boolean {
    const { tokens } = this.#filled(key, now);
    if (tokens < 1) return false;
    this.#buckets.set(key, { tokens: tokens - 1, at: now });
    if (this.#buckets.size > mostBuckets) this.#forgetFull(now);
    return true;
  }

  #filled(key: string, now: number): Bucket {
    const { tokens, at } = this.#buckets.get(key) ?? { tokens: this.#burst, at: now };
    return { tokens: Math.min(this.#burst, tokens + Math.max(0, now - at) / this.#everyMs), at: now };
  }

  #forgetFull(now: number): void {
    for (const key of [...this.#buckets.keys()])
      if (this.#filled(key, now).tokens >= this.#burst) this.#buckets.delete(key);
  }
}
