const FIRST_CAPACITY = 1 << 18;

/** One writer's acknowledgements, in order. Typed arrays, so that garbage collection makes no gaps of its own. */
export class AckLog {
  #times = new Float64Array(FIRST_CAPACITY);
  #seqs = new Uint32Array(FIRST_CAPACITY);
  #length = 0;

  add(seq: number, time: number): void {
    if (this.#length === this.#times.length) this.#grow();
    this.#times[this.#length] = time;
    this.#seqs[this.#length] = seq;
    this.#length += 1;
  }

  /** Ascending; a view that further acknowledgements do not change. */
  get times(): Float64Array {
    return this.#times.subarray(0, this.#length);
  }

  /** The sequence numbers acknowledged from `from` to `to`, both included. */
  seqsBetween(from: number, to: number): number[] {
    return [...this.#seqs.subarray(0, this.#length)].filter((_, index) => {
      const time = this.#times[index] ?? 0;
      return time >= from && time <= to;
    });
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    const seqs = new Uint32Array(this.#seqs.length * 2);
    times.set(this.#times);
    seqs.set(this.#seqs);
    this.#times = times;
    this.#seqs = seqs;
  }
}
