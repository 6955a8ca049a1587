import type { Bench } from './judge.ts';
import { isRescue } from './rescue.ts';
import type { Server } from './server.ts';
import { takesWrites } from './server.ts';

/** How long two primaries may take writes at once after a promotion of the controller's (ms): none by design. */
const toleratedOverlapMs = 50;
/**
 * An order that left its controller late, because that was frozen after its last look, can be stopped by nobody but a
 * successor. The old primary refuses writes min-replicas-max-lag and a second after its last replica left it, or is
 * demoted once it is seen: while nobody can look at it, there is no telling how long that takes.
 */
const toleratedOfLateOrdersMs = 15_000;

/**
 * What was stopped with a machine that nobody reaches goes on for a second by how many replicas it had then
 * (docs/correctness.md, a stopped machine). Where its host answers there is no such excuse: it is ended first.
 */
const toleratedOfStoppedMs = 1_050;

/** Judges that the old primary has ended, or refuses writes, where a new one takes them. */
export class Overlaps {
  readonly #bench: Bench;
  /** Which process of which node must have been ended, or kept from taking writes, when a node was promoted. */
  readonly #ended = new Map<string, { readonly older: string; readonly incarnation: number }>();
  #toleratedMs = toleratedOverlapMs;
  #overlap = 0;
  #endedAt = 0;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  promoting(server: Server, by: string, late: boolean): void {
    const { stage, store, sights, excuses } = this.#bench;
    this.#toleratedMs = late ? toleratedOfLateOrdersMs : toleratedOverlapMs;
    this.#ended.delete(server.name);
    const from = store.status.transition?.from;
    if (from === undefined || from === server.name) return;
    if (excuses.isUnfenced(stage.now)) return;
    const old = stage.server(from);
    // Another process of it, that came back by itself since anybody saw it, is demoted once it is seen.
    if (old.role !== 'primary' || sights.incarnationOf(from) !== old.incarnation) return;
    if (old.process !== 'running' && old.process !== 'hung') return;
    // Promoted by hand since anybody saw it: that is found by the next look.
    if (old.raisedBy === 'somebodyElse' && old.raisedAt > (sights.heardAt.get(from) ?? 0)) return;
    // A rescue leaves the one that came back with less writing until it is demoted, whatever it takes meanwhile.
    const held = sights.of(by, server.name) ?? server.data;
    if ([server.data, held].some((data) => isRescue(old, data, store.status))) return;
    const goesByThen = old.process === 'hung' || old.countsAgainAt > stage.now;
    if (goesByThen && !late && sights.isHostSilent(by, from)) this.#toleratedMs = toleratedOfStoppedMs;
    this.#ended.set(server.name, { older: from, incarnation: old.incarnation });
  }

  overlapped(older: Server, newer: Server, milliseconds: number): void {
    const { tally, stage, sights, accuse } = this.#bench;
    const { now } = stage;
    if (newer.raisedBy !== 'controller' || milliseconds <= 0) return;
    const ended = this.#ended.get(newer.name);
    // One that came back later, or that holds less than what was promoted, is demoted once it is seen.
    const isAnother = ended?.older !== older.name || ended.incarnation !== older.incarnation;
    if (isAnother || this.#isKeptByLatecomer(older, newer, now)) {
      tally.cameBackOverlapMs += milliseconds;
      return;
    }
    this.#overlap = now - this.#endedAt < 1 ? this.#overlap + milliseconds : milliseconds;
    this.#endedAt = now + milliseconds;
    tally.overlapMs += milliseconds;
    tally.longestOverlapMs = Math.max(tally.longestOverlapMs, this.#overlap);
    const wasLate = this.#toleratedMs === toleratedOfLateOrdersMs;
    if (wasLate && (sights.heardAt.get(older.name) ?? 0) < newer.raisedAt) return;
    if (this.#overlap > this.#toleratedMs)
      accuse(
        'overlap',
        `${older.name} and ${newer.name} have both taken writes for ${this.#overlap.toFixed(1)} ms`,
      );
  }

  /** It takes writes for the sake of a replica that was down then, and follows it by its own config file until that is seen. */
  #isKeptByLatecomer(older: Server, newer: Server, now: number): boolean {
    const { servers } = this.#bench.stage;
    const present = [...older.acknowledgedAt].filter(
      ([name]) => (servers.get(name)?.runsSince ?? 0) <= newer.raisedAt,
    );
    if (present.length === older.acknowledgedAt.size) return false;
    return !takesWrites({ ...older, acknowledgedAt: new Map(present) }, now);
  }
}
