import type { Status } from '../../crd/status.ts';
import { Excuses } from './excuses.ts';
import type { Data } from './history.ts';
import { commonEnd } from './history.ts';
import { Losses } from './losses.ts';
import { Overlaps } from './overlaps.ts';
import { Promotions } from './promotions.ts';
import type { CommandWatcher } from './redis-commands.ts';
import type { Server } from './server.ts';
import { Sights } from './sights.ts';
import type { MachineWatcher } from './sim-host-port.ts';
import type { SimStore } from './sim-store.ts';
import type { Stage, StageWatcher } from './stage.ts';
import type { Tally } from './tally.ts';
import { freshTally } from './tally.ts';

export interface Violation {
  readonly rule: string;
  readonly words: string;
}

/** What all parts of the judge go by. */
export interface Bench {
  readonly stage: Stage;
  readonly store: SimStore;
  readonly sights: Sights;
  readonly excuses: Excuses;
  readonly tally: Tally;
  readonly accuse: (rule: string, words: string) => void;
}

/** Sees everything, knows what must never be, and remembers the first thing that was. */
export class Judge implements StageWatcher, CommandWatcher, MachineWatcher {
  readonly tally = freshTally();
  readonly sights = new Sights();
  readonly excuses = new Excuses();
  violation: Violation | undefined;
  /** When last something was done or written. */
  lastEffectAt = 0;
  readonly #stage: Stage;
  readonly #store: SimStore;
  readonly #note: (words: string) => void;
  readonly #copies: Data[] = [];
  readonly #lateUntil = new Map<string, number>();
  readonly #promotions: Promotions;
  readonly #overlaps: Overlaps;
  readonly #losses: Losses;

  constructor(stage: Stage, store: SimStore, note: (words: string) => void) {
    this.#stage = stage;
    this.#store = store;
    this.#note = note;
    const { tally, sights, excuses } = this;
    const accuse = (rule: string, words: string): void => this.accuse(rule, words);
    const bench: Bench = { stage, store, sights, excuses, tally, accuse };
    this.#promotions = new Promotions(bench);
    this.#overlaps = new Overlaps(bench);
    this.#losses = new Losses(bench);
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
      if (this.excuses.isUnfenced(this.#stage.now)) continue;
      this.accuse('S1', `${unit} was started on ${machine} while it runs on ${other.name}`);
    }
  }

  following(server: Server, to: string, by: string): void {
    this.#losses.following(server);
    // Redis answers that it does so already, and changes nothing.
    if (server.role === 'replica' && server.of === to) return;
    const target = this.#stage.server(to);
    const handsOver = this.#isPlanned() && server.role === 'primary';
    const elsewhere = [...this.#stage.servers.values()].filter((other) => other !== server);
    const others = handsOver ? [] : elsewhere.flatMap(({ data, snapshot }) => [data, snapshot]);
    const lost = this.#unkept(server.data, [target.data, ...others]);
    if (lost === 0) return;
    // Its pause was over when the order left: the same late order as in promoting().
    if (this.#isLate(by)) {
      this.tally.lateOrders += 1;
      return;
    }
    const rule = handsOver ? 'S2' : 'S3';
    const what = `${lost} bytes that ${server.name} holds are nowhere else, nor in a copy`;
    this.accuse(rule, `${by} makes ${server.name} a replica of ${to}: ${what}`);
  }

  /** A controller's process is frozen until then, with an order on its lips. */
  froze(by: string, thawsAt: number): void {
    this.#lateUntil.set(by, thawsAt + 1_000);
  }

  #isLate(by: string): boolean {
    return this.#stage.now <= (this.#lateUntil.get(by) ?? 0);
  }

  /** A controller's process begins, with an empty memory. */
  began(by: string): void {
    this.sights.began(by);
  }

  promoting(server: Server, by: string): void {
    if (server.role === 'primary') return;
    const late = this.#isLate(by);
    this.#overlaps.promoting(server, by, late);
    this.#losses.promoting(server, by);
    this.#promotions.judge(server, by, late);
  }

  /** To be called whenever the stage has settled. */
  settled(): void {
    const { now, servers } = this.#stage;
    for (const { data } of servers.values()) this.sights.knows(data.segment);
    this.#promotions.settled();
    if (this.#store.spec.failover.fencing !== 'Required') this.excuses.unfenced(now);
  }

  overlapped(older: Server, newer: Server, milliseconds: number): void {
    this.#overlaps.overlapped(older, newer, milliseconds);
  }

  replaced(server: Server, before: Data, source: string): void {
    const lost = this.#unkept(before, [server.data]);
    this.#losses.replaced(server);
    if (lost === 0) return;
    this.tally.lostBytes += lost;
    this.#note(`${server.name} took ${source}'s data: ${lost} bytes of its own are gone`);
  }

  preserved(node: string, data: Data): void {
    this.#copies.push(data);
    this.tally.copies += 1;
    this.#note(`${node}: its data is copied aside`);
  }

  #recorded(before: Status, after: Status, by: string): void {
    this.tally.statusWrites += 1;
    this.lastEffectAt = this.#stage.now;
    this.#note(`${by}: records ${describe(before, after)}`);
    if ((after.epoch ?? 0) < (before.epoch ?? 0))
      this.accuse('S9', `the epoch went back from ${before.epoch} to ${after.epoch}`);
    this.#losses.recorded(before, after, by);
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

  /** Bytes of `data` that are neither in one of the others nor in a copy. */
  #unkept(data: Data, others: readonly Data[]): number {
    let kept = 0;
    for (const other of others) kept = Math.max(kept, commonEnd(data, other));
    if (kept === data.offset) return 0;
    for (const copy of this.#copies) kept = Math.max(kept, commonEnd(data, copy));
    return data.offset - kept;
  }

  accuse(rule: string, words: string): void {
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
