import { setTimeout as delay } from 'node:timers/promises';
import type { Leadership } from '../leadership.ts';
import { ApiFault } from './api-fault.ts';
import type { KubeAccess } from './kube-access.ts';
import type { LeaseRecord, SeenLease } from './leader-lease.ts';
import { LeaderLease, microTime, seen } from './leader-lease.ts';
import { Reflector } from './reflector.ts';
import { Stopwatch } from './stopwatch.ts';

/** How long (ms) one request may take: short enough that a renewal on a dead connection can be tried again in time. */
const attemptMs = 4_000;

/** client-go's own figures (k8s.io/client-go/tools/leaderelection, core components' defaults). */
const electionTimes = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 } as const;

export interface ElectionTerms {
  readonly namespace: string;
  readonly name: string;
  /** Of this process alone: one that is started anew is another contender. */
  readonly identity: string;
  readonly tell: (event: ElectionEvent) => void;
}

export type ElectionEvent =
  | { readonly kind: 'leading' }
  | { readonly kind: 'lost'; readonly why: string }
  | { readonly kind: 'following'; readonly leader: string }
  | { readonly kind: 'fault'; readonly fault: ApiFault };

/** A time of leading. `signal` is aborted at its end, and not one millisecond is left then. */
export interface Term extends Leadership {
  readonly signal: AbortSignal;
}

/**
 * Contends for a Lease as client-go does: another's lease is over when it has not been seen to change for its
 * duration by this process's own clock, never by the times written in it; the own one is counted from before the
 * request that renewed it was sent; released on a clean end.
 */
export class LeaderElection {
  readonly #lease: LeaderLease;
  readonly #terms: ElectionTerms;
  readonly #reflector: Reflector;
  /** The lease as last seen, and when it was seen to change. */
  #seen: SeenLease | undefined;
  #changedAt = 0;
  #following = '';
  /** Wakes the contender: the lease changed. */
  #changed = Promise.withResolvers<void>();

  constructor(access: KubeAccess, terms: ElectionTerms) {
    this.#lease = new LeaderLease(access, terms);
    this.#terms = terms;
    this.#reflector = new Reflector(access, {
      path: this.#lease.collection,
      query: { fieldSelector: `metadata.name=${terms.name}` },
      onChange: (_key, object) => {
        if (object !== undefined) this.#observe(seen(object));
        this.#changed.resolve();
        this.#changed = Promise.withResolvers();
      },
    });
  }

  /**
   * Contends until `signal` is aborted. `lead` is called for each term and must end soon after the term's signal;
   * the lease is kept meanwhile. What it rejects with ends the election.
   */
  async run(signal: AbortSignal, lead: (term: Term) => Promise<void>): Promise<void> {
    // Whether it is there to be watched or not, the lease itself is read before anything is decided.
    const watching = this.#reflector.start();
    try {
      while (!signal.aborted) {
        const acquired = await this.#acquire(signal);
        if (acquired !== undefined) await this.#lead(acquired, signal, lead);
      }
    } finally {
      await this.#reflector.stop();
      await watching;
    }
  }

  async #acquire(signal: AbortSignal): Promise<Held | undefined> {
    while (!signal.aborted) {
      const changed = this.#changed.promise;
      const attempt = await this.#try(attemptMs);
      if (typeof attempt === 'object') return attempt;
      await this.#pause(attempt, changed, signal);
    }
    return undefined;
  }

  /** Until the lease changes, or the one that is held runs out; after a fault for a while in any case. */
  async #pause(attempt: 'taken' | 'failed', changed: Promise<void>, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const failed = attempt === 'failed';
    // Jittered: contenders shall not come back all at once.
    const ms = failed ? electionTimes.retryMs * (0.5 + Math.random() / 2) : Math.max(this.#expiresInMs(), 20);
    const pause = delay(ms, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(
      () => undefined,
    );
    await (failed ? pause : Promise.race([pause, changed]));
    over.abort();
  }

  /** By our own clock, since the lease was last seen to change. */
  #expiresInMs(): number {
    const holder = this.#seen?.record.holderIdentity ?? '';
    return holder === '' ? 0 : Math.max(0, electionTimes.leaseMs - (performance.now() - this.#changedAt));
  }

  /** One attempt to get the lease, or to renew it over what was seen last. */
  async #try(timeoutMs: number, last?: SeenLease): Promise<Held | 'taken' | 'failed'> {
    const { identity, tell } = this.#terms;
    try {
      const before = last ?? (await this.#lease.read(timeoutMs));
      if (before !== undefined) this.#observe(before);
      // One that somebody deleted binds its holder no less: it may be acting on it still.
      const holder = (before ?? this.#seen)?.record.holderIdentity ?? '';
      const own = holder === identity;
      if (!own && this.#expiresInMs() > 0) {
        this.#tellFollowing(holder);
        return 'taken';
      }
      // Counted from before it is sent: whoever watches counts from later.
      const since = new Stopwatch();
      const written = await this.#lease.write(this.#record(before?.record, own), before, timeoutMs);
      this.#observe(written);
      return { seen: written, since };
    } catch (cause) {
      if (!(cause instanceof ApiFault)) throw cause;
      if (cause.code === 'Conflict') return 'taken';
      tell({ kind: 'fault', fault: cause });
      return 'failed';
    }
  }

  #record(before: LeaseRecord | undefined, own: boolean): LeaseRecord {
    const now = microTime(new Date());
    return {
      holderIdentity: this.#terms.identity,
      leaseDurationSeconds: electionTimes.leaseMs / 1000,
      renewTime: now,
      acquireTime: own && before !== undefined ? before.acquireTime : now,
      leaseTransitions: before === undefined ? 0 : before.leaseTransitions + (own ? 0 : 1),
    };
  }

  async #lead(acquired: Held, signal: AbortSignal, lead: (term: Term) => Promise<void>): Promise<void> {
    const { tell } = this.#terms;
    const end = new AbortController();
    let held = acquired;
    const term: Term = {
      signal: end.signal,
      leftMs: () => (end.signal.aborted ? 0 : Math.max(0, electionTimes.leaseMs - held.since.elapsedMs)),
    };
    this.#following = '';
    tell({ kind: 'leading' });
    const stop = AbortSignal.any([signal, end.signal]);
    const leading = lead({ ...term, signal: stop }).finally(() => end.abort());
    // It is awaited below; until then its failure is not unheard of.
    leading.catch(() => undefined);
    const why = await this.#keep(end.signal, {
      held: () => held,
      renewed: (next) => {
        held = next;
      },
    });
    end.abort();
    await leading;
    if (why === undefined) await this.#release(held);
    else tell({ kind: 'lost', why });
  }

  /** Renews until `signal` is aborted (undefined) or the lease is lost (why). */
  async #keep(
    signal: AbortSignal,
    { held, renewed }: { held: () => Held; renewed: (held: Held) => void },
  ): Promise<string | undefined> {
    let doubtful = false;
    for (;;) {
      await delay(electionTimes.retryMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return undefined;
      const leftMs = electionTimes.renewDeadlineMs - held().since.elapsedMs;
      if (leftMs <= 0) return `it could not be renewed for ${electionTimes.renewDeadlineMs / 1000} s`;
      const timeoutMs = Math.min(leftMs, attemptMs);
      const next: Held | 'taken' | 'failed' | 'lost' = doubtful
        ? await this.#renewAnew(timeoutMs)
        : await this.#try(timeoutMs, held().seen);
      if (next === 'lost') return `${this.#seen?.record.holderIdentity || 'nobody'} holds it`;
      // A write that failed may have been done all the same: what stands there is read before the next.
      doubtful = typeof next === 'string';
      if (typeof next === 'object') renewed(next);
    }
  }

  /** Over what stands there now, if that is still ours, or where somebody deleted it. */
  async #renewAnew(timeoutMs: number): Promise<Held | 'taken' | 'failed' | 'lost'> {
    try {
      const last = await this.#lease.read(timeoutMs);
      if (last !== undefined) this.#observe(last);
      if (last !== undefined && last.record.holderIdentity !== this.#terms.identity) return 'lost';
      return await this.#try(timeoutMs, last);
    } catch (cause) {
      if (!(cause instanceof ApiFault)) throw cause;
      this.#terms.tell({ kind: 'fault', fault: cause });
      return 'failed';
    }
  }

  /** So that the next leader need not wait. Nothing is lost when it fails. */
  async #release({ seen: last }: Held): Promise<void> {
    const record = {
      ...last.record,
      holderIdentity: '',
      leaseDurationSeconds: 1,
      renewTime: microTime(new Date()),
    };
    await this.#lease.write(record, last, electionTimes.retryMs).catch(() => undefined);
  }

  #observe(lease: SeenLease): void {
    if (JSON.stringify(lease.record) !== JSON.stringify(this.#seen?.record))
      this.#changedAt = performance.now();
    this.#seen = lease;
  }

  #tellFollowing(leader: string): void {
    if (this.#following === leader) return;
    this.#following = leader;
    this.#terms.tell({ kind: 'following', leader });
  }
}

/** The lease in our hands: as written, and since before that write was sent. */
interface Held {
  readonly seen: SeenLease;
  readonly since: Stopwatch;
}
