import { monotonicMs } from '../traffic/monotonic.ts';
import type { Traffic } from '../traffic/traffic.ts';

const acksPerReport = 25;
const bucketMs = 200;

/** How many writes are acknowledged per second, over time; the writer process is asked for no more than a count. */
export class WriteMeter {
  readonly #start = monotonicMs();
  readonly #buckets: number[] = [];
  #total = 0;

  constructor(traffic: Traffic) {
    void this.#count(traffic);
  }

  get total(): number {
    return this.#total;
  }

  /** Acknowledged writes per second of the last full buckets, oldest first. */
  rates(count: number): number[] {
    const full = Math.floor((monotonicMs() - this.#start) / bucketMs);
    return Array.from({ length: Math.min(count, full) }, (_, index) => {
      const bucket = full - Math.min(count, full) + index;
      return ((this.#buckets[bucket] ?? 0) * 1_000) / bucketMs;
    });
  }

  async #count(traffic: Traffic): Promise<void> {
    try {
      for (;;) {
        await traffic.acked(this.#total + acksPerReport);
        this.#total += acksPerReport;
        const bucket = Math.floor((monotonicMs() - this.#start) / bucketMs);
        this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + acksPerReport;
      }
    } catch {
      // The writers were closed.
    }
  }
}
