import type { Status } from '../../crd/status.ts';
import type { Data } from './history.ts';
import { commonEnd, missingFrom } from './history.ts';
import type { CommandWatcher } from './redis-commands.ts';
import type { Server } from './server.ts';
import { takesWrites } from './server.ts';
import type { MachineWatcher } from './sim-host-port.ts';
import type { SimStore } from './sim-store.ts';
import type { Stage, StageWatcher } from './stage.ts';

export interface Violation {
  readonly rule: string;
  readonly words: string;
}

/** What the judge counted. */
export interface Tally {
  switchovers: number;
  failovers: number;
  adoptions: number;
  effects: number;
  statusWrites: number;
  copies: number;
  lostBytes: number;
  overlapMs: number;
  /** While an old primary that came back by itself took writes beside the new one. */
  cameBackOverlapMs: number;
  longestOverlapMs: number;
  fencedByLease: number;
}

/** How long (ms) a controller's view may be behind the world when it acts on it. */
const slackMs = 3_000;
/** How long a replica must have heard its primary without a break before silence cannot have looked like a death (ms). */
const certainMs = 8_000;
/** How long two primaries may take writes at once after a promotion of the controller's (ms): none by design. */
const toleratedOverlapMs = 50;
/**
 * An order that left its controller late, because that was frozen after its last look, can be stopped by nobody but a
 * successor. The old primary refuses writes min-replicas-max-lag and a second after its last replica left it, or is
 * demoted once it is seen: while nobody can look at it, there is no telling how long that takes.
 */
const toleratedOfLateOrdersMs = 15_000;

/** Sees everything, knows what must never be, and remembers the first thing that was. */
export class Judge implements StageWatcher, CommandWatcher, MachineWatcher {
  readonly tally: Tally = {
    switchovers: 0,
    failovers: 0,
    adoptions: 0,
    effects: 0,
    statusWrites: 0,
    copies: 0,
    lostBytes: 0,
    overlapMs: 0,
    cameBackOverlapMs: 0,
    longestOverlapMs: 0,
    fencedByLease: 0,
  };
  violation: Violation | undefined;
  /** When last something was done or written. */
  lastEffectAt = 0;
  readonly #stage: Stage;
  readonly #store: SimStore;
  readonly #note: (words: string) => void;
  readonly #copies: Data[] = [];
  /** When a controller last heard a node. */
  readonly heardAt = new Map<string, number>();
  /** When fencing was last BestEffort, or an operator swore something or accepted a loss. */
  excusedUntil = 0;
  /** Which primary took writes, and lacked nothing, when a node was promoted by a controller. */
  readonly #leftWriting = new Map<string, string>();
  readonly #lateUntil = new Map<string, number>();
  #toleratedMs = toleratedOverlapMs;
  #overlap = 0;
  #overlapEndedAt = 0;

  constructor(stage: Stage, store: SimStore, note: (words: string) => void) {
    this.#stage = stage;
    this.#store = store;
    this.#note = note;
    stage.watcher = this;
    store.onRecorded = (before, after, by) => this.#recorded(before, after, by);
  }

  effect(words: string): void {
    this.tally.effects += 1;
    this.lastEffectAt = this.#stage.now;
    this.#note(words);
  }

  started(machine: string, unit: string): void {
    for (const other of this.#stage.machines.values()) {
      if (other.name === machine || other.units.get(unit)?.state !== 'running') continue;
      if (this.#isExcused()) continue;
      this.#accuse('S1', `${unit} was started on ${machine} while it runs on ${other.name}`);
    }
  }

  following(server: Server, to: string, by: string): void {
    const target = this.#stage.server(to);
    const handsOver = this.#isPlanned() && server.role === 'primary';
    const elsewhere = [...this.#stage.servers.values()].filter((other) => other !== server);
    const others = handsOver ? [] : elsewhere.flatMap(({ data, snapshot }) => [data, snapshot]);
    const lost = this.#unkept(server.data, [target.data, ...others]);
    if (lost === 0 || this.#isExcused()) return;
    // Its pause was over when the order left: the same late order as in promoting().
    if (handsOver && this.#isLate(by)) return;
    const rule = handsOver ? 'S2' : 'S3';
    const what = `${lost} bytes that ${server.name} holds are nowhere else, nor in a copy`;
    this.#accuse(rule, `${by} makes ${server.name} a replica of ${to}: ${what}`);
  }

  /** A controller's process is frozen until then, with an order on its lips. */
  froze(by: string, thawsAt: number): void {
    this.#lateUntil.set(by, thawsAt + 1_000);
  }

  #isLate(by: string): boolean {
    return this.#stage.now <= (this.#lateUntil.get(by) ?? 0);
  }

  promoting(server: Server, by: string): void {
    if (server.role === 'primary') return;
    this.#toleratedMs = this.#isLate(by) ? toleratedOfLateOrdersMs : toleratedOverlapMs;
    this.#leftWriting.delete(server.name);
    if (this.#isExcused()) return;
    const from = this.#store.status.transition?.from ?? this.#store.status.currentPrimary;
    const old = from === undefined || from === server.name ? undefined : this.#stage.server(from);
    if (old === undefined || !this.#isLinked(old)) return;
    // A rescue leaves the one that came back with less writing until it is demoted.
    const rescues = this.#store.status.transition?.cause === 'PrimaryRestartedStale';
    if (!rescues && this.#neverLeft(old) && missingFrom(old.data, server.data) === 0)
      this.#leftWriting.set(server.name, old.name);
    this.#judgeStaleness(server, old, by);
    if (!this.#isLate(by)) this.#judgeSilence(server, old, by);
  }

  /**
   * Its history is the recorded one, or continues it. After two restarts that no look fell between nothing in Redis
   * tells whether it holds what it held: it is taken for one that does not, and all that it has is copied aside.
   */
  #isLinked({ data, former }: Server): boolean {
    const { primaryReplicationId: own } = this.#store.status;
    return own === undefined || data.segment.id === own || former?.id === own;
  }

  /** It takes writes, and not only since a moment ago. */
  #neverLeft(server: Server): boolean {
    const { now } = this.#stage;
    return takesWrites(server, now) && now - server.runsSince > certainMs;
  }

  /** S4 */
  #judgeStaleness(server: Server, old: Server, by: string): void {
    const { writesPerSecond, bytesPerWrite } = this.#stage.options;
    const behind = missingFrom(server.data, old.data);
    const rescue = server.of === old.name && missingFrom(old.data, server.data) > 0;
    if (rescue) return;
    if (server.link === 'syncing' && old.process !== 'running')
      this.#accuse('S4', `${by} promotes ${server.name}, which is in mid-sync`);
    const unseenMs = this.#stage.now - (this.heardAt.get(old.name) ?? 0) + slackMs;
    const tolerated =
      this.#store.spec.failover.maxLagBytes + (unseenMs / 1000) * writesPerSecond * bytesPerWrite;
    if (behind > tolerated)
      this.#accuse('S4', `${by} promotes ${server.name}, which lacks ${behind} bytes of ${old.name}'s`);
  }

  /** S5 */
  #judgeSilence(server: Server, old: Server, by: string): void {
    const { now } = this.#stage;
    if (old.process !== 'running' || old.role !== 'primary' || now - old.raisedAt < certainMs) return;
    if (missingFrom(old.data, server.data) > 0) return;
    for (const other of this.#stage.servers.values()) {
      const since = this.hearsSince.get(other.name);
      if (other.of !== old.name || other.link !== 'up' || since === undefined) continue;
      if (now - since >= certainMs)
        this.#accuse('S5', `${by} promotes ${server.name} while ${other.name} hears ${old.name}`);
    }
  }

  /** Since when a replica has heard its primary without a break. */
  readonly hearsSince = new Map<string, number>();

  /** To be called whenever the stage has settled. */
  settled(): void {
    const { now } = this.#stage;
    for (const server of this.#stage.servers.values()) {
      const hears = server.role === 'replica' && server.link === 'up' && server.heardAt === now;
      if (!hears) this.hearsSince.delete(server.name);
      else if (!this.hearsSince.has(server.name)) this.hearsSince.set(server.name, now);
    }
    if (this.#store.spec.failover.fencing !== 'Required') this.excuse(0);
  }

  /** What an operator chose against the rules is not the controller's doing, for so long (ms). */
  excuse(milliseconds: number): void {
    this.excusedUntil = Math.max(this.excusedUntil, this.#stage.now + milliseconds);
  }

  overlapped(older: Server, newer: Server, milliseconds: number): void {
    const { now } = this.#stage;
    if (newer.raisedBy !== 'controller' || milliseconds <= 0) return;
    // One that came back later, or that holds less than what was promoted, is demoted once it is seen.
    if (this.#leftWriting.get(newer.name) !== older.name) {
      this.tally.cameBackOverlapMs += milliseconds;
      return;
    }
    this.#overlap = now - this.#overlapEndedAt < 1 ? this.#overlap + milliseconds : milliseconds;
    this.#overlapEndedAt = now + milliseconds;
    this.tally.overlapMs += milliseconds;
    this.tally.longestOverlapMs = Math.max(this.tally.longestOverlapMs, this.#overlap);
    const wasLate = this.#toleratedMs === toleratedOfLateOrdersMs;
    if (wasLate && (this.heardAt.get(older.name) ?? 0) < newer.raisedAt) return;
    if (this.#overlap > this.#toleratedMs)
      this.#accuse(
        'overlap',
        `${older.name} and ${newer.name} have both taken writes for ${this.#overlap.toFixed(1)} ms`,
      );
  }

  replaced(server: Server, before: Data, source: string): void {
    const lost = this.#unkept(before, [server.data]);
    if (lost === 0) return;
    this.tally.lostBytes += lost;
    this.#note(`${server.name} took ${source}'s data: ${lost} bytes of its own are gone`);
  }

  preserved(node: string, data: Data): void {
    this.#copies.push(data);
    this.tally.copies += 1;
    this.#note(`${node}: its data is copied aside`);
  }

  accuse(rule: string, words: string): void {
    this.#accuse(rule, words);
  }

  #recorded(before: Status, after: Status, by: string): void {
    this.tally.statusWrites += 1;
    this.lastEffectAt = this.#stage.now;
    this.#note(`${by}: records ${describe(before, after)}`);
    if ((after.epoch ?? 0) < (before.epoch ?? 0))
      this.#accuse('S9', `the epoch went back from ${before.epoch} to ${after.epoch}`);
    const newest = after.lastTransition;
    if (after.fences?.some(({ proof }) => proof === 'LeaseExpired') === true) this.tally.fencedByLease += 1;
    if (newest === undefined || newest.epoch === before.lastTransition?.epoch) return;
    if (newest.kind === 'Failover') this.tally.failovers += 1;
    else if (newest.kind === 'Adoption') this.tally.adoptions += 1;
    else this.tally.switchovers += 1;
  }

  #isPlanned(): boolean {
    const kind = this.#store.status.transition?.kind;
    return kind === 'Switchover' || kind === 'Failback';
  }

  #isExcused(): boolean {
    return this.#stage.now <= this.excusedUntil;
  }

  /** Bytes of `data` that are neither in one of the others nor in a copy. */
  #unkept(data: Data, others: readonly Data[]): number {
    let kept = 0;
    for (const other of others) kept = Math.max(kept, commonEnd(data, other));
    if (kept === data.offset) return 0;
    for (const copy of this.#copies) kept = Math.max(kept, commonEnd(data, copy));
    return data.offset - kept;
  }

  #accuse(rule: string, words: string): void {
    this.violation ??= { rule, words };
    this.#note(`VIOLATION ${rule}: ${words}`);
  }
}

function describe(before: Status, after: Status): string {
  const told = [`epoch ${after.epoch}`, `primary ${after.currentPrimary}`];
  const { transition } = after;
  if (transition !== undefined)
    told.push(
      `${transition.kind} ${transition.from}→${transition.to} ${transition.step} (${transition.cause})`,
    );
  else if (before.transition !== undefined) told.push('transition over');
  for (const condition of after.conditions ?? []) {
    const known = before.conditions?.find(({ type }) => type === condition.type);
    if (known?.status !== condition.status || known.reason !== condition.reason)
      told.push(`${condition.type} ${condition.status} ${condition.reason}`);
  }
  if (after.fences !== undefined)
    told.push(`fences ${after.fences.map(({ node, proof }) => `${node} ${proof}`).join(' ')}`);
  if (after.demoting !== undefined) told.push(`demoting ${after.demoting.join(' ')}`);
  return told.join(', ');
}
