import type { RunResult, Verdict } from './simulation.ts';

const byGravity: readonly Verdict[] = ['ok', 'notConverged', 'violation', 'crash'];

/** What many seeds came to. */
export class Summary {
  readonly #counts: Record<Verdict, number> = { ok: 0, crash: 0, violation: 0, notConverged: 0 };
  readonly #failed: number[] = [];
  readonly #sums = new Map<string, number>();
  readonly #unjudged = new Map<string, number>();
  #longestConvergedMs = 0;
  #longestOverlapMs = 0;

  add(result: RunResult): void {
    const { verdict, seed, hours, faults, passes, tally, convergedInMs } = result;
    this.#counts[verdict] += 1;
    if (verdict !== 'ok') this.#failed.push(seed);
    const { longestOverlapMs, unjudged, ...counted } = tally;
    for (const [name, value] of Object.entries({ simulatedHours: hours, faults, passes, ...counted }))
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + value);
    for (const [why, count] of Object.entries(unjudged))
      this.#unjudged.set(why, (this.#unjudged.get(why) ?? 0) + count);
    this.#longestConvergedMs = Math.max(this.#longestConvergedMs, convergedInMs);
    this.#longestOverlapMs = Math.max(this.#longestOverlapMs, longestOverlapMs);
  }

  get seeds(): number {
    return Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
  }

  get worst(): Verdict {
    return byGravity.findLast((verdict) => this.#counts[verdict] > 0) ?? 'ok';
  }

  /** `seconds`: what it took on the wall. */
  figures(seconds: number): Readonly<Record<string, unknown>> {
    const { ok, crash, violation, notConverged } = this.#counts;
    const sums = Object.fromEntries([...this.#sums].map(([name, value]) => [name, Math.round(value)]));
    return {
      // Nothing run is not well.
      ok: this.seeds > 0 && ok === this.seeds,
      seeds: this.seeds,
      ...sums,
      unjudgedPromotions: Object.fromEntries(this.#unjudged),
      crashes: crash,
      violations: violation,
      converged: ok,
      notConverged,
      longestConvergeSeconds: Math.round(this.#longestConvergedMs / 1000),
      longestOverlapMs: Number(this.#longestOverlapMs.toFixed(1)),
      seconds: Number(seconds.toFixed(1)),
      seedsPerSecond: Number((this.seeds / seconds).toFixed(2)),
      failedSeeds: this.#failed.sort((a, b) => a - b),
    };
  }
}
