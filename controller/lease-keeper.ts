import type { GroupNode } from './group-nodes.ts';
import type { LeaseTerms } from './ports/host.ts';
import type { Timers } from './ports/timers.ts';
import { processTimers } from './process-timers.ts';

/** Keeps leases from running out while a pass is busy with something long: a copy, a unit that takes its time. */
export class LeaseKeeper {
  readonly #everyMs: number;
  readonly #timing: Timers;

  constructor(everyMs: number, timing: Timers = processTimers) {
    this.#everyMs = everyMs;
    this.#timing = timing;
  }

  /**
   * Renews every `everyMs` until the work is done; a host that does not answer once is not renewed again. When
   * this resolves, no renewal is on its way any more: the next look may count from its own.
   */
  async during<T>(
    nodes: ReadonlyMap<string, GroupNode>,
    leases: ReadonlyMap<string, LeaseTerms>,
    work: () => Promise<T>,
  ): Promise<T> {
    const due = new Map(leases);
    const renewals = new Map<string, Promise<void>>();
    const renew = async (name: string, terms: LeaseTerms): Promise<void> => {
      const view = await nodes.get(name)?.host?.observe(terms);
      if (view?.state !== 'answers') due.delete(name);
      renewals.delete(name);
    };
    const again = (): void => {
      disarm = this.#timing.after(this.#everyMs, again);
      for (const [name, terms] of due) if (!renewals.has(name)) renewals.set(name, renew(name, terms));
    };
    let disarm = this.#timing.after(this.#everyMs, again);
    try {
      return await work();
    } finally {
      disarm();
      await Promise.all(renewals.values());
    }
  }
}
