import { leaseTimes } from '../../reconcilers/lease.ts';
import type { SimRedis } from './sim-redis.ts';
import {
  becomePrimary,
  bytesPerWrite,
  canContinue,
  endProcess,
  freshRedis,
  startProcess,
  takesWrites,
} from './sim-redis.ts';

export interface SimUnit {
  state: 'running' | 'stopped' | 'failed';
  /** It does not end when asked. */
  stubborn: boolean;
}

export interface SimHost {
  readonly name: string;
  powered: boolean;
  epoch: number;
  boots: number;
  readonly units: Map<string, SimUnit>;
  /** When its dead-man lease runs out; undefined while no watch runs there. */
  leaseUntil: number | undefined;
}

const replTimeoutMs = 60_000;
const fullSyncMs = 2_000;

/**
 * A small world of Redis servers, their machines and the wires between them. It knows no controller: the
 * ports in sim-ports.ts are how one acts on it. Time moves only when told to.
 */
export class World {
  now = 1_000_000;
  readonly redis = new Map<string, SimRedis>();
  readonly hosts = new Map<string, SimHost>();
  readonly acknowledged = new Set<number>();
  /** Pairs of ends between which nothing gets through, `a|b` sorted; the controller is `@`. */
  readonly cuts = new Set<string>();
  readonly violations: string[] = [];
  /** Hosts on which no unit can be started. */
  readonly refuseStarts = new Set<string>();
  #writes = 0;
  #ids = 0;

  constructor(names: readonly string[], units: readonly string[]) {
    for (const name of names) {
      this.redis.set(name, freshRedis(name));
      const own = new Map(units.map((unit) => [unit, { state: 'stopped', stubborn: false } as SimUnit]));
      this.hosts.set(name, { name, powered: true, epoch: 0, boots: 1, units: own, leaseUntil: undefined });
    }
  }

  /** The same world once more: what happens to the one does not happen to the other. */
  copy(): World {
    const copy = new World([], []);
    copy.now = this.now;
    copy.#writes = this.#writes;
    copy.#ids = this.#ids;
    for (const [name, redis] of this.redis) copy.redis.set(name, structuredClone(redis));
    for (const [name, host] of this.hosts) copy.hosts.set(name, structuredClone(host));
    for (const write of this.acknowledged) copy.acknowledged.add(write);
    for (const wire of this.cuts) copy.cuts.add(wire);
    for (const host of this.refuseStarts) copy.refuseStarts.add(host);
    copy.violations.push(...this.violations);
    return copy;
  }

  get(name: string): SimRedis {
    const found = this.redis.get(name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  }

  host(name: string): SimHost {
    const found = this.hosts.get(name);
    if (found === undefined) throw new Error(`no host ${name}`);
    return found;
  }

  newId(): string {
    this.#ids += 1;
    return `id${this.#ids}`;
  }

  reaches(a: string, b: string): boolean {
    return !this.cuts.has([a, b].sort().join('|'));
  }

  cut(a: string, b: string, severed: boolean): void {
    const wire = [a, b].sort().join('|');
    if (severed) this.cuts.add(wire);
    else this.cuts.delete(wire);
  }

  /** Clients write to whatever takes writes: in a split, to both sides. */
  write(): void {
    for (const redis of this.redis.values()) {
      if (!takesWrites(redis, this.now)) continue;
      this.#writes += 1;
      this.acknowledged.add(this.#writes);
      redis.data = {
        ...redis.data,
        log: [...redis.data.log, this.#writes],
        offset: redis.data.offset + bytesPerWrite,
      };
    }
  }

  advance(milliseconds: number): void {
    this.now += milliseconds;
    for (const redis of this.redis.values()) this.#replicate(redis);
    // Twice, so that a chain of two replicas moves in one step.
    for (const redis of this.redis.values()) this.#replicate(redis);
    for (const host of this.hosts.values()) this.#watch(host);
  }

  /** What the watch on a node finds once its lease has run out: whether a replica is attached (deploy/understudy-node). */
  isCarryingOn(name: string): boolean {
    const redis = this.get(name);
    if (redis.process !== 'running' || redis.role !== 'primary') return false;
    return [...redis.acknowledgedAt.values()].some((at) => this.now - at < leaseTimes.acknowledgedMs);
  }

  /** At the latest moment that is allowed to it: what holds for that holds for any earlier one. */
  #watch(host: SimHost): void {
    if (!host.powered || host.leaseUntil === undefined) return;
    const redis = this.get(host.name);
    const heard = Math.max(0, ...redis.acknowledgedAt.values()) + leaseTimes.acknowledgedMs;
    const { lookMs, stopDeadlineMs, killMs } = leaseTimes;
    if (this.now < Math.max(host.leaseUntil, heard) + lookMs + stopDeadlineMs + killMs) return;
    for (const unit of host.units.values()) if (unit.state === 'running') unit.state = 'stopped';
    if (redis.process === 'running' && redis.role === 'primary') redis.config['min-replicas-to-write'] = '1';
  }

  promote(redis: SimRedis): void {
    becomePrimary(redis, this.newId());
  }

  power(name: string, on: boolean): void {
    const host = this.host(name);
    if (host.powered === on) return;
    host.powered = on;
    host.leaseUntil = undefined;
    if (on) {
      host.boots += 1;
      startProcess(this.get(name), this.now);
      return;
    }
    endProcess(this.get(name), 'crashed', this.now);
    for (const unit of host.units.values()) unit.state = 'stopped';
  }

  /** The one rule about units; every start goes through here. */
  startUnit(name: string, unit: string): void {
    const own = this.host(name).units.get(unit);
    if (own === undefined || own.state === 'running') return;
    for (const other of this.hosts.values())
      if (other.name !== name && other.units.get(unit)?.state === 'running')
        this.violations.push(`S1: ${unit} started on ${name} while it runs on ${other.name}`);
    own.state = 'running';
  }

  #replicate(redis: SimRedis): void {
    if (redis.process !== 'running' || redis.role !== 'replica' || redis.of === undefined) return;
    const source = this.redis.get(redis.of);
    if (source === undefined || source.process === 'crashed' || source.process === 'stopped') {
      this.#loseLink(redis);
      return;
    }
    const hears = source.process === 'running' && this.reaches(redis.name, source.name);
    if (!hears) {
      if (this.now - redis.heardAt > replTimeoutMs) this.#loseLink(redis);
      return;
    }
    const serves = source.role === 'primary' || source.link === 'up';
    if (!serves) {
      this.#loseLink(redis);
      return;
    }
    this.#sync(redis, source);
  }

  #sync(redis: SimRedis, source: SimRedis): void {
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
    redis.data = { ...source.data };
  }

  #loseLink(redis: SimRedis): void {
    if (redis.link !== 'down') redis.linkLostAt = this.now;
    this.redis.get(redis.of ?? '')?.acknowledgedAt.delete(redis.name);
    redis.link = 'down';
  }
}
