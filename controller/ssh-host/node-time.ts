/** A reading of the node's own clock, its uptime, and when it was heard here (ms, performance.now). */
interface Reading {
  readonly bootId: string;
  readonly uptime: number;
  readonly heardAt: number;
}

/** A reply that took longer (ms) tells too little of the time at which it was given. */
const longestTripMs = 1_000;
/** An older reading (ms) is not relied on: a machine that was suspended meanwhile has counted less. */
const longestAgeMs = 5_000;

/** Reckons in the uptime of a node, so that what is said of its future holds whenever it arrives there. */
export class NodeTime {
  #reading: Reading | undefined;

  note(bootId: string, uptime: number, trip: { readonly sentAt: number; readonly heardAt: number }): void {
    if (trip.heardAt - trip.sentAt <= longestTripMs)
      this.#reading = { bootId, uptime, heardAt: trip.heardAt };
  }

  /**
   * The node's uptime that comes `seconds` after `from` (performance.now), with two decimals, never a later one:
   * counted from when the reading was heard, which was after it was taken. undefined without a fresh reading.
   */
  after(from: number, seconds: number): { readonly until: string; readonly bootId: string } | undefined {
    const reading = this.#reading;
    if (reading === undefined || performance.now() - reading.heardAt > longestAgeMs) return undefined;
    const until = reading.uptime + (from - reading.heardAt) / 1000 + seconds;
    return { until: (Math.floor(Math.max(until, 0) * 100) / 100).toFixed(2), bootId: reading.bootId };
  }
}
