import type { Data } from './history.ts';
import { commonEnd, isPart, missingFrom } from './history.ts';
import type { Bench } from './judge.ts';
import { isLinked, isRescue } from './rescue.ts';
import type { Server } from './server.ts';
import type { Unjudged } from './tally.ts';

/** How long a replica must have heard its primary without a break before silence cannot have looked like a death (ms). */
export const certainMs = 8_000;
/**
 * How long (ms) the old primary may have taken writes that nobody heard of, on top of the waits that the policy asks
 * for, and what is between a look and its order: INFO's whole seconds, a look's deadline, the way there.
 */
const unheardMs = 30_000;
const slackMs = 6_000;

/**
 * Judges who may be promoted: S4 and S5. What its controller saw the old primary hold must be there but for
 * maxLagBytes; what that wrote unseen may be any number of bytes, but only of a bounded time.
 */
export class Promotions {
  readonly #bench: Bench;
  /** Since when a replica has heard its primary without a break. */
  readonly #hearsSince = new Map<string, number>();

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  /** To be called whenever the stage has settled. */
  settled(): void {
    const { servers, now } = this.#bench.stage;
    for (const server of servers.values()) {
      const hears = server.role === 'replica' && server.link === 'up' && server.heardAt === now;
      if (!hears) this.#hearsSince.delete(server.name);
      else if (!this.#hearsSince.has(server.name)) this.#hearsSince.set(server.name, now);
    }
  }

  /** `late`: its controller was frozen since it decided on it. */
  judge(server: Server, by: string, late: boolean): void {
    const { tally, stage, store } = this.#bench;
    tally.promotions += 1;
    const from = store.status.transition?.from ?? store.status.currentPrimary;
    const old = from === undefined || from === server.name ? undefined : stage.server(from);
    const excuse = this.#excuse(server);
    if (excuse !== undefined) {
      tally.unjudged[excuse] += 1;
      return;
    }
    tally.judgedPromotions += 1;
    this.#judgeStaleness(server, old ?? server, { by, late });
    if (old !== undefined && !late) this.#judgeSilence(server, old, by);
  }

  #excuse(server: Server): Unjudged | undefined {
    const { excuses, store } = this.#bench;
    if (excuses.isAccepted(server.name, store.status)) return 'accepted';
    return store.status.primaryReplicationId === undefined ? 'unknownPast' : undefined;
  }

  /** S4: what it lacks of what is known to have been there. */
  #judgeStaleness(server: Server, old: Server, { by, late }: { by: string; late: boolean }): void {
    const { sights, store, accuse } = this.#bench;
    if (old !== server && isRescue(old, server.data, store.status)) {
      this.#judgeRescue(server, old, by);
      return;
    }
    if (server.link === 'syncing' && server !== old)
      accuse('S4', `${by} promotes ${server.name}, which is in mid-sync`);
    const seen = sights.of(by, old.name);
    for (const past of this.#pasts(old, server)) {
      const lack = this.#tooMuch(server, past, seen, late);
      if (lack !== undefined)
        accuse(
          'S4',
          `${by} promotes ${server.name}, which lacks of ${old.name}'s ${past.segment.id} ${lack}`,
        );
    }
  }

  /** What the returned one lost is nowhere else any more: of what is left of it, the most has to lead. */
  #judgeRescue(server: Server, old: Server, by: string): void {
    const { stage, store, sights, accuse } = this.#bench;
    const lost = stage.log.whole(store.status.primaryReplicationId ?? '')?.data;
    if (lost === undefined) return;
    for (const { name, process, data } of stage.servers.values()) {
      // What it copied from the returned one is of that one's history, which may name nothing of what was lost.
      if (isPart(old.data.segment, data)) continue;
      // Who is down or out of reach at that moment cannot be promoted, and to wait is to lose the rest.
      if (process !== 'running' || !stage.reaches(by, name)) continue;
      const seen = name === server.name || name === old.name ? undefined : sights.of(by, name);
      // What it copied from the returned one since that look has wiped its own.
      const held = seen === undefined ? 0 : Math.min(commonEnd(lost, seen), commonEnd(lost, data));
      const more = held - commonEnd(lost, server.data);
      if (more > store.spec.failover.maxLagBytes)
        accuse(
          'S4',
          `${by} promotes ${server.name} to rescue what ${old.name} lost: ${name} holds ${more} bytes more`,
        );
    }
  }

  /**
   * What the new primary has to have, within bounds: what the old one holds, unless that is of another history than
   * the one on record; and all that was written to that, though it may have died with it unseen. What it lost by
   * its own restart is gone, though: whoever follows its new life has not lost it.
   */
  #pasts(old: Server, server: Server): Data[] {
    const { store, stage, sights } = this.#bench;
    const recorded = store.status.primaryReplicationId ?? '';
    if (old.data.segment.id !== recorded && isPart(old.data.segment, server.data)) return [old.data];
    const written = stage.log.whole(recorded);
    const pasts = isLinked(old, store.status) ? [old.data] : [];
    const newest = sights.newestOf(old.name);
    const isNews = newest !== undefined && newest.segment.id !== recorded;
    return written?.by !== old.name || isNews ? pasts : [...pasts, written.data];
  }

  /** What it lacks beyond the bounds, in words. */
  #tooMuch(server: Server, past: Data, seen: Data | undefined, late: boolean): string | undefined {
    const { data, lagging } = server;
    const { maxLagBytes, unreachableAfterSeconds, leaseSeconds } = this.#bench.store.spec.failover;
    const { log } = this.#bench.stage;
    // What became of it between a check and an order of a process that was stopped meanwhile, nothing can stop.
    if (late) return undefined;
    const known = seen === undefined ? 0 : missingFrom(data, seen);
    if (known > maxLagBytes) return `${known} bytes, which it saw there`;
    const lacking = missingFrom(data, past);
    if (lacking <= maxLagBytes) return undefined;
    const from = Math.max(commonEnd(past, data), seen === undefined ? 0 : commonEnd(past, seen));
    const span = log.spanAfter(past, from);
    const tolerated = unheardMs + slackMs + (unreachableAfterSeconds + leaseSeconds) * 1000;
    if (span <= tolerated) return undefined;
    // Its link carries less than its primary writes, since nobody saw that (docs/correctness.md, slow links).
    if (!lagging) return `${lacking} bytes, what it wrote unseen in ${(span / 1000).toFixed(1)} s among them`;
    this.#bench.tally.slowLinks += 1;
    return undefined;
  }

  /** S5 */
  #judgeSilence(server: Server, old: Server, by: string): void {
    const { stage, accuse } = this.#bench;
    const { now } = stage;
    if (old.process !== 'running' || old.role !== 'primary' || now - old.raisedAt < certainMs) return;
    if (missingFrom(old.data, server.data) > 0) return;
    for (const other of stage.servers.values()) {
      const since = this.#hearsSince.get(other.name);
      if (other.of !== old.name || other.link !== 'up' || since === undefined) continue;
      if (now - since >= certainMs)
        accuse('S5', `${by} promotes ${server.name} while ${other.name} hears ${old.name}`);
    }
  }
}
