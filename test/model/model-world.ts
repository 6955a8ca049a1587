import { leaseTimes } from '../../reconcilers/lease.ts';
import type { SimData, SimRedis } from '../world/sim-redis.ts';
import {
  becomePrimary,
  becomeReplica,
  bytesPerWrite,
  canContinue,
  endProcess,
  freshData,
  freshRedis,
  startProcess,
  takesWrites,
} from '../world/sim-redis.ts';

/** A Redis server of the small world. */
export interface ModelRedis extends SimRedis {
  /** Its link to its primary was up since it was set: until then Redis tells no time for it (-1). */
  wasUp: boolean;
}

export interface ModelUnit {
  state: 'running' | 'stopped' | 'failed';
  stubborn: boolean;
}

export interface ModelHost {
  readonly name: string;
  powered: boolean;
  epoch: number;
  units: ModelUnit[];
  leaseUntil: number | undefined;
  /** What its out-of-band fence does: it may be tried, and fail in either way. */
  fence: 'works' | 'refuses' | 'unsure';
}

/** What the last promotion of a failover really left behind. */
export interface Loss {
  readonly from: string;
  readonly to: string;
  readonly writes: readonly number[];
  /** The old primary was not demoted yet: what it takes is lost, too. */
  readonly growing: boolean;
  /** Those among them that the process which promoted saw there: it cannot say that it knew of nothing. */
  readonly seen: readonly number[];
}

export const tickMs = 3_000;
const replTimeoutMs = 60_000;
const fullSyncMs = 2_000;

/**
 * The world of the checker: the semantics of test/world, on plain data that is cheap to copy. It knows no
 * controller; time moves by ticks.
 */
export class ModelWorld {
  now = 1_000_000;
  ids = 0;
  writes = 0;
  /** When each write was taken, by its number, from 1 on. */
  wroteAt: readonly number[] = [];
  redis: ModelRedis[] = [];
  hosts: ModelHost[] = [];
  /** Severed wires, `a|b` sorted; the controller is `@`, its way to hosts `@host`. */
  cuts: ReadonlySet<string> = new Set();
  /** Machines whose own cable is out: nothing gets through to them, from nowhere. */
  pulled: ReadonlySet<string> = new Set();
  /** Nodes that reach one another, and nobody else. */
  parted: ReadonlySet<string> = new Set();
  /** Writes that copies of diverged data hold. */
  preserved: readonly number[] = [];
  loss: Loss | undefined;
  violations: string[] = [];

  static fresh(names: readonly string[], units: number): ModelWorld {
    const world = new ModelWorld();
    for (const name of names) {
      world.redis.push({ ...freshRedis(name), wasUp: false });
      const own = Array.from({ length: units }, (): ModelUnit => ({ state: 'stopped', stubborn: false }));
      world.hosts.push({
        name,
        powered: true,
        epoch: 0,
        units: own,
        leaseUntil: undefined,
        fence: 'works',
      });
    }
    return world;
  }

  clone(): ModelWorld {
    const copy = new ModelWorld();
    copy.now = this.now;
    copy.ids = this.ids;
    copy.writes = this.writes;
    copy.wroteAt = this.wroteAt;
    copy.redis = this.redis.map((redis) => ({ ...redis, acknowledgedAt: new Map(redis.acknowledgedAt) }));
    copy.hosts = this.hosts.map((host) => ({ ...host, units: host.units.map((unit) => ({ ...unit })) }));
    copy.cuts = this.cuts;
    copy.pulled = this.pulled;
    copy.parted = this.parted;
    copy.preserved = this.preserved;
    copy.loss = this.loss;
    return copy;
  }

  get(name: string): ModelRedis {
    const found = this.redis.find((redis) => redis.name === name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  }

  host(name: string): ModelHost {
    const found = this.hosts.find((host) => host.name === name);
    if (found === undefined) throw new Error(`no host ${name}`);
    return found;
  }

  violate(what: string): void {
    if (!this.violations.includes(what)) this.violations.push(what);
  }

  reaches(a: string, b: string): boolean {
    if (this.parted.has(a) !== this.parted.has(b)) return false;
    if (this.cuts.size === 0 && this.pulled.size === 0) return true;
    return !this.isCut(a, b) && !this.pulled.has(a) && !this.pulled.has(b);
  }

  isCut(a: string, b: string): boolean {
    return this.cuts.has(a < b ? `${a}|${b}` : `${b}|${a}`);
  }

  cut(a: string, b: string, severed: boolean): void {
    const wire = a < b ? `${a}|${b}` : `${b}|${a}`;
    const cuts = new Set(this.cuts);
    if (severed) cuts.add(wire);
    else cuts.delete(wire);
    this.cuts = cuts;
  }

  takesWrites(redis: ModelRedis): boolean {
    return takesWrites(redis, this.now);
  }

  write(name: string): void {
    const redis = this.get(name);
    this.writes += 1;
    this.wroteAt = [...this.wroteAt, this.now];
    const { data } = redis;
    redis.data = { ...data, log: [...data.log, this.writes], offset: data.offset + bytesPerWrite };
    if (this.loss?.from === name && this.loss.growing)
      this.loss = { ...this.loss, writes: [...this.loss.writes, this.writes] };
  }

  advance(milliseconds: number): void {
    this.now += milliseconds;
    for (const redis of this.redis) this.#replicate(redis);
    // Twice, so that a chain of two replicas moves in one step.
    for (const redis of this.redis) this.#replicate(redis);
    for (const host of this.hosts) this.#watch(host);
  }

  /** Whether the watch of a node, its lease over, finds a replica attached. */
  isCarryingOn(name: string): boolean {
    const redis = this.get(name);
    if (redis.process !== 'running' || redis.role !== 'primary') return false;
    return [...redis.acknowledgedAt.values()].some((at) => this.now - at < leaseTimes.acknowledgedMs);
  }

  /** At the latest moment that is allowed to it: what holds for that holds for any earlier one. */
  #watch(host: ModelHost): void {
    if (!host.powered || host.leaseUntil === undefined) return;
    const redis = this.get(host.name);
    const heard = Math.max(0, ...redis.acknowledgedAt.values()) + leaseTimes.acknowledgedMs;
    // Figures of deploy/understudy-node, not of the planner: a planner that believes in shorter ones is wrong.
    if (this.now < Math.max(host.leaseUntil, heard) + watchEndsWithinMs) return;
    for (const unit of host.units) if (unit.state === 'running') unit.state = 'stopped';
    if (redis.process === 'running' && redis.role === 'primary')
      redis.config = { ...redis.config, 'min-replicas-to-write': '1' };
  }

  promote(name: string): void {
    const redis = this.get(name);
    if (redis.role === 'primary') return;
    this.ids += 1;
    becomePrimary(redis, `id${this.ids}`);
    redis.wasUp = false;
  }

  follow(name: string, of: string): void {
    const redis = this.get(name);
    if (redis.role === 'replica' && redis.of === of) return;
    becomeReplica(redis, of, this.now);
    if (this.loss?.from === name) this.loss = { ...this.loss, growing: false };
    redis.wasUp = false;
  }

  end(name: string, how: 'crashed' | 'stopped'): void {
    endProcess(this.get(name), how, this.now);
  }

  start(name: string): void {
    const redis = this.get(name);
    if (!this.host(name).powered || redis.process === 'running' || redis.process === 'hung') return;
    startProcess(redis, this.now);
    redis.wasUp = false;
  }

  power(name: string, on: boolean): void {
    const host = this.host(name);
    if (host.powered === on) return;
    host.powered = on;
    host.leaseUntil = undefined;
    if (on) {
      this.start(name);
      return;
    }
    this.end(name, 'crashed');
    for (const unit of host.units) unit.state = 'stopped';
  }

  setDisk(name: string, disk: 'full' | 'stale' | 'none'): void {
    const redis = this.get(name);
    if (disk === 'full') redis.snapshot = redis.data;
    this.ids += disk === 'none' ? 1 : 0;
    if (disk === 'none') redis.snapshot = freshData(`id${this.ids}`);
  }

  startUnit(name: string, unit: number): void {
    const own = this.host(name).units[unit];
    if (own === undefined || own.state === 'running') return;
    for (const other of this.hosts)
      if (other.name !== name && other.units[unit]?.state === 'running')
        this.violate(`S1: unit ${unit} started on ${name} while it runs on ${other.name}`);
    own.state = 'running';
  }

  #replicate(redis: ModelRedis): void {
    if (redis.process !== 'running' || redis.role !== 'replica' || redis.of === undefined) return;
    const source = this.get(redis.of);
    const dead = source.process === 'crashed' || source.process === 'stopped';
    // A machine that lost its power closes no connection.
    if (dead && this.host(source.name).powered && this.reaches(redis.name, source.name)) {
      this.#loseLink(redis);
      return;
    }
    const hears = source.process === 'running' && this.reaches(redis.name, source.name);
    if (!hears) {
      if (this.now - redis.heardAt > replTimeoutMs) this.#loseLink(redis);
      return;
    }
    if (source.role === 'primary' || source.link === 'up') this.#sync(redis, source);
    else this.#loseLink(redis);
  }

  #sync(redis: ModelRedis, source: ModelRedis): void {
    redis.heardAt = this.now;
    source.acknowledgedAt.set(redis.name, this.now);
    if (redis.lagging) return;
    if (redis.link === 'syncing') {
      if (this.now < redis.syncDoneAt) return;
    } else if (!canContinue(redis.data, source.data)) {
      redis.link = 'syncing';
      redis.syncDoneAt = this.now + fullSyncMs;
      return;
    }
    redis.link = 'up';
    redis.wasUp = true;
    redis.data = sameData(redis.data, source.data) ? redis.data : { ...source.data };
  }

  #loseLink(redis: ModelRedis): void {
    if (redis.link !== 'down') redis.linkLostAt = this.now;
    this.redis.find(({ name }) => name === redis.of)?.acknowledgedAt.delete(redis.name);
    redis.link = 'down';
  }
}

/** deploy/understudy-node: a look of the watch (2 s), the deadline of a stop (3 s), the kill (1 s). */
const watchEndsWithinMs = 6_000;

function sameData(one: SimData, other: SimData): boolean {
  return (
    one.replicationId === other.replicationId &&
    one.offset === other.offset &&
    one.previousId === other.previousId &&
    one.log.length === other.log.length
  );
}
