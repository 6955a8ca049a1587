import { leaseTimes } from '../../reconcilers/lease.ts';
import type { Data } from './history.ts';
import type { Machine } from './machine.ts';
import { freshMachine, watchEndsAt } from './machine.ts';
import type { Server } from './server.ts';
import {
  canContinue,
  demote,
  endProcess,
  freshServer,
  raise,
  startProcess,
  takesWrites,
  writesEndAt,
} from './server.ts';
import { WriteLog } from './write-log.ts';

export interface StageOptions {
  readonly names: readonly string[];
  readonly units: readonly string[];
  /** What its clients write. */
  readonly writesPerSecond: number;
  readonly bytesPerWrite: number;
  /** How long (ms) a write is on its way to a replica. */
  readonly replicationMs: number;
  readonly fullSyncMs: number;
  readonly watchHaste: number;
}

/** Told of what no port shows. */
export interface StageWatcher {
  /** A replica's data was replaced by what another node holds. */
  replaced(server: Server, before: Data, source: string): void;
  /** A unit was started. */
  started(machine: string, unit: string): void;
  /** Two servers took writes at once for so long (ms). */
  overlapped(older: Server, newer: Server, milliseconds: number): void;
}

const replTimeoutMs = 60_000;

/** The Redis servers, their machines and the wires between them, in continuous time. It knows no controller. */
export class Stage {
  readonly servers = new Map<string, Server>();
  readonly machines = new Map<string, Machine>();
  /** Pairs of ends between which nothing gets through, `a|b` sorted. */
  readonly cuts = new Set<string>();
  readonly options: StageOptions;
  readonly log = new WriteLog();
  watcher: StageWatcher | undefined;
  writes = 0;
  now: number;
  #ids = 0;

  constructor(options: StageOptions, now: number) {
    this.options = options;
    this.now = now;
    for (const name of options.names) {
      this.servers.set(name, freshServer(name, now));
      this.machines.set(name, freshMachine(name, options.units, options.watchHaste));
    }
  }

  server(name: string): Server {
    const found = this.servers.get(name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  }

  machine(name: string): Machine {
    const found = this.machines.get(name);
    if (found === undefined) throw new Error(`no machine ${name}`);
    return found;
  }

  reaches(a: string, b: string): boolean {
    return this.cuts.size === 0 || !this.cuts.has(a < b ? `${a}|${b}` : `${b}|${a}`);
  }

  cut(a: string, b: string, severed: boolean): void {
    const wire = a < b ? `${a}|${b}` : `${b}|${a}`;
    if (severed) this.cuts.add(wire);
    else this.cuts.delete(wire);
  }

  raise(server: Server, by: Server['raisedBy']): void {
    if (server.role === 'primary') return;
    this.#hangUp(server);
    this.#ids += 1;
    raise(server, `id${this.#ids}`);
    server.raisedBy = by;
    server.raisedAt = this.now;
    server.wroteAt = this.now;
  }

  follow(server: Server, of: string): void {
    if (server.of !== of) this.#hangUp(server);
    demote(server, of);
  }

  /** A primary that hears its replica hang up counts it no more at once (redis: freeClient). */
  #hangUp(server: Server): void {
    const source = this.servers.get(server.of ?? '');
    if (source?.process === 'running' && this.reaches(server.name, source.name))
      source.acknowledgedAt.delete(server.name);
  }

  /** Everything that goes on by itself, up to `now`: clients write, replicas follow, watches look. */
  settle(now: number): void {
    const before = this.now;
    if (now > before) {
      this.#overlaps(before, now);
      for (const server of this.servers.values()) this.#write(server, now - this.options.replicationMs);
    }
    this.now = now;
    for (const server of this.servers.values()) this.#replicate(server, before);
    if (this.servers.size > 2) for (const server of this.servers.values()) this.#replicate(server, before);
    for (const server of this.servers.values()) this.#write(server, now);
    for (const machine of this.machines.values()) this.#watch(machine);
  }

  /** What the watch on a node finds once its lease has run out: whether a replica is attached (deploy/understudy-node). */
  isCarryingOn(name: string): boolean {
    const server = this.server(name);
    if (server.process !== 'running' || server.role !== 'primary') return false;
    return this.now - this.#lastAcknowledged(server) < leaseTimes.acknowledgedMs;
  }

  power(name: string, on: boolean): void {
    const machine = this.machine(name);
    if (machine.powered === on) return;
    machine.powered = on;
    machine.leaseUntil = undefined;
    machine.renewed = undefined;
    if (on) {
      machine.boots += 1;
      startProcess(this.server(name), this.now);
      return;
    }
    endProcess(this.server(name), 'crashed', this.now);
    for (const unit of machine.units.values()) unit.state = 'stopped';
  }

  startUnit(name: string, unit: string): void {
    const own = this.machine(name).units.get(unit);
    if (own === undefined || own.state === 'running') return;
    own.state = 'running';
    this.watcher?.started(name, unit);
  }

  /** Nothing happened for so long, and all leases that were renewed last went on being renewed. */
  leapt(milliseconds: number, since: number): void {
    for (const machine of this.machines.values())
      if (machine.leaseUntil !== undefined && (machine.renewed?.at ?? 0) >= since)
        machine.leaseUntil += milliseconds;
  }

  #lastAcknowledged(server: Server): number {
    let last = 0;
    for (const at of server.acknowledgedAt.values()) last = Math.max(last, at);
    return last;
  }

  /** What clients have written by `until`: as much as they can, wherever writes are taken. */
  #write(server: Server, until: number): void {
    if (until <= server.wroteAt) return;
    const from = Math.max(server.wroteAt, server.pausedUntil);
    const to = Math.min(until, writesEndAt(server));
    const perMs = this.options.writesPerSecond / 1000;
    // Counted on one grid for all, so that no fraction of a write is lost between two looks.
    const count = to > from ? Math.floor(to * perMs) - Math.floor(from * perMs) : 0;
    server.wroteAt = until;
    if (to <= from) return;
    const { segment, offset } = server.data;
    const end = offset + count * this.options.bytesPerWrite;
    this.log.note(server.name, server.data, end, { from, to });
    if (count === 0) return;
    this.writes += count;
    server.data = { segment, offset: end };
  }

  #overlaps(from: number, to: number): void {
    const writers: Server[] = [];
    for (const server of this.servers.values()) if (takesWrites(server, from)) writers.push(server);
    if (writers.length < 2) return;
    writers.sort((a, b) => a.raisedAt - b.raisedAt);
    const [older, newer] = writers;
    if (older === undefined || newer === undefined) return;
    const end = Math.min(to, writesEndAt(older), writesEndAt(newer));
    this.watcher?.overlapped(older, newer, end - from);
  }

  #watch(machine: Machine): void {
    if (machine.leaseUntil === undefined) return;
    const server = this.server(machine.name);
    if (this.now < watchEndsAt(machine, this.#lastAcknowledged(server))) return;
    for (const unit of machine.units.values()) if (unit.state === 'running') unit.state = 'stopped';
    if (server.process === 'running' && server.role === 'primary')
      server.config['min-replicas-to-write'] = '1';
  }

  #replicate(server: Server, before: number): void {
    if (server.process !== 'running' || server.role !== 'replica' || server.of === undefined) return;
    const source = this.servers.get(server.of);
    if (source === undefined || source.process === 'crashed' || source.process === 'stopped') {
      this.#loseLink(server);
      return;
    }
    const hears = source.process === 'running' && this.reaches(server.name, source.name);
    if (!hears || !this.machine(source.name).powered) {
      server.coming = undefined;
      if (this.now - server.heardAt > replTimeoutMs) this.#loseLink(server);
      return;
    }
    if (source.role === 'replica' && source.link !== 'up') {
      this.#loseLink(server);
      return;
    }
    this.#sync(server, source, before);
  }

  #sync(server: Server, source: Server, before: number): void {
    server.heardAt = this.now;
    source.acknowledgedAt.set(server.name, this.now);
    if (server.lagging) return;
    if (server.link === 'syncing') {
      if (this.now < server.syncDoneAt) return;
      server.former = undefined;
      this.#take(server, source, source.data);
      server.snapshot = server.data;
    } else if (server.link === 'down' && !canContinue(server, source)) {
      server.link = 'syncing';
      server.syncDoneAt = this.now + this.options.fullSyncMs;
      return;
    } else if (!canContinue(server, source)) {
      this.#loseLink(server);
      return;
    }
    const wasUp = server.link === 'up';
    server.link = 'up';
    const { coming } = server;
    if (coming !== undefined && coming.due <= this.now) {
      server.coming = undefined;
      this.#take(server, source, coming.data);
    }
    const gap = this.now - before;
    if (!wasUp || gap > 2 * this.options.replicationMs) this.#take(server, source, source.data);
    else if (source.data.offset > server.data.offset || source.data.segment !== server.data.segment)
      server.coming ??= { data: source.data, due: this.now + this.options.replicationMs };
  }

  #take(server: Server, source: Server, data: Data): void {
    const before = server.data;
    if (before.segment !== data.segment) {
      if (canContinue(server, source)) server.former = { id: before.segment.id, end: before.offset + 1 };
      server.data = data;
      this.watcher?.replaced(server, before, source.name);
      return;
    }
    if (data.offset > before.offset) server.data = data;
  }

  #loseLink(server: Server): void {
    if (server.link === 'up') server.linkLostAt = this.now;
    server.coming = undefined;
    this.servers.get(server.of ?? '')?.acknowledgedAt.delete(server.name);
    server.link = 'down';
  }
}
