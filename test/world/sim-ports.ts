import type { GroupNode } from '../../controller/group-nodes.ts';
import type { Clock } from '../../controller/ports/clock.ts';
import type { HostPort, LeaseTerms } from '../../controller/ports/host.ts';
import type {
  Endpoint,
  RedisNodePort,
  ReplicationPosition,
  Reply,
} from '../../controller/ports/redis-node.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import type {
  AttachedReplica,
  HostView,
  LeaseView,
  RedisView,
  UnitView,
} from '../../reconcilers/observation.ts';
import type { SimRedis } from './sim-redis.ts';
import { becomeReplica, endProcess, startProcess } from './sim-redis.ts';
import type { World } from './world.ts';

/** Thrown out of a pass: the controller's process is gone, whatever it was doing. */
export class ControllerKilled extends Error {}

/** What the test lets happen to the controller's effects. */
export interface Meddling {
  /** Kill the controller when this many more effects have happened. */
  killAfter: number | undefined;
  /** The next mutating calls to a node end unknown: applied or not. */
  readonly unknowns: { node: string; applied: boolean }[];
  /** Every effect that happened, for counting. */
  readonly effects: string[];
  /** Called before every command to a Redis, with its name: where a test lets something happen in between. */
  between: (command: string, node: string) => void;
}

export const calm = (): Meddling => ({
  killAfter: undefined,
  unknowns: [],
  effects: [],
  between: () => undefined,
});

const port = 6379;
const done: Outcome = { kind: 'done' };
const lost: Outcome = { kind: 'unknown', reason: 'OutcomeUnknown', message: 'the connection was lost' };
const unsent: Outcome = { kind: 'refused', reason: 'NotConnected', message: 'not connected' };

export function simClock(world: World): Clock {
  return {
    now: () => world.now,
    sleep: async (milliseconds) => world.advance(milliseconds),
  };
}

/** Runs one effect on the world, with whatever meddling is due. */
function effect(meddling: Meddling, what: string, node: string, apply: () => Outcome): Outcome {
  if (meddling.killAfter === 0) throw new ControllerKilled();
  const at = meddling.unknowns.findIndex((fault) => fault.node === node);
  const [fault] = at < 0 ? [] : meddling.unknowns.splice(at, 1);
  const outcome = fault?.applied === false ? lost : apply();
  if (outcome.kind === 'done') meddling.effects.push(`${what} ${node}`);
  if (meddling.killAfter !== undefined) meddling.killAfter -= 1;
  if (meddling.killAfter === 0) throw new ControllerKilled();
  return fault === undefined ? outcome : lost;
}

class SimRedisNode implements RedisNodePort {
  readonly #world: World;
  readonly #name: string;
  readonly #meddling: Meddling;
  /** The process that was last looked at. */
  #lookedAt: number | undefined;

  constructor(world: World, name: string, meddling: Meddling) {
    this.#world = world;
    this.#name = name;
    this.#meddling = meddling;
  }

  async observe(): Promise<RedisView> {
    const redis = this.#world.get(this.#name);
    const { powered } = this.#world.host(this.#name);
    if (!powered || !this.#world.reaches('@', this.#name)) return { state: 'silent' };
    if (redis.process === 'hung') return { state: 'silent' };
    if (redis.process !== 'running') return { state: 'refused' };
    this.#lookedAt = redis.incarnation;
    return this.#view(redis);
  }

  #view(redis: SimRedis): RedisView {
    const { data } = redis;
    const now = this.#world.now;
    const common = {
      state: 'answers' as const,
      runId: `${redis.name}#${redis.incarnation}`,
      replicationId: data.replicationId,
      ...(data.previousId === undefined ? {} : { previousReplicationId: data.previousId }),
      ...(data.previousEnd === undefined ? {} : { previousEndOffset: data.previousEnd }),
      offset: data.offset,
      keys: data.log.length,
      usedMemoryBytes: 1_000_000 + data.offset,
      diskFailing: false,
      config: { ...redis.config },
      otherAgent: false,
      priority: 100,
    };
    if (redis.role === 'primary') return { ...common, role: 'primary', replicas: this.#replicasOf(redis) };
    const down =
      redis.link === 'down' ? { linkDownSeconds: Math.floor((now - redis.linkLostAt) / 1000) } : {};
    const heard = redis.heardAt === 0 ? {} : { lastIoSeconds: Math.floor((now - redis.heardAt) / 1000) };
    return {
      ...common,
      role: 'replica',
      of: { host: redis.of ?? '', port },
      link: redis.link,
      ...down,
      ...heard,
    };
  }

  /** A silent one stays on the list until its socket is closed, as in Redis. */
  #replicasOf(redis: SimRedis): AttachedReplica[] {
    return [...this.#world.redis.values()].flatMap((other): AttachedReplica[] => {
      const heard = redis.acknowledgedAt.get(other.name);
      const attached = other.role === 'replica' && other.of === redis.name && other.link !== 'down';
      if (heard === undefined || !attached || other.process === 'crashed' || other.process === 'stopped')
        return [];
      const lagSeconds = Math.floor((this.#world.now - heard) / 1000);
      const state = other.link === 'up' ? 'online' : 'syncing';
      return [{ host: other.name, port, state, offset: other.data.offset, lagSeconds }];
    });
  }

  #mutate(what: string, apply: (redis: SimRedis) => Outcome): Outcome {
    const redis = this.#world.get(this.#name);
    this.#meddling.between(what, this.#name);
    if (!this.#world.host(this.#name).powered || !this.#world.reaches('@', this.#name)) return unsent;
    if (redis.process === 'hung') return lost;
    if (redis.process !== 'running') return unsent;
    return effect(this.#meddling, what, this.#name, () => apply(redis));
  }

  /** To the process alone that was looked at. */
  #mutateRole(what: string, apply: (redis: SimRedis) => Outcome): Outcome {
    return this.#mutate(what, (redis) =>
      this.#lookedAt === undefined || this.#lookedAt === redis.incarnation ? apply(redis) : unsent,
    );
  }

  async claim(epoch: number): Promise<Outcome> {
    const lookedAt = this.#lookedAt;
    const view = await this.observe();
    this.#lookedAt = lookedAt;
    if (view.state !== 'answers') return unsent;
    const redis = this.#world.get(this.#name);
    if (epoch < redis.claimed)
      return { kind: 'refused', reason: 'EpochTooOld', message: `${redis.claimed} was seen` };
    redis.claimed = epoch;
    return done;
  }

  async position(): Promise<Reply<{ role: 'primary' | 'replica'; replicationId: string; offset: number }>> {
    this.#meddling.between('position', this.#name);
    this.#world.advance(0.1);
    const view = await this.observe();
    if (view.state === 'answers')
      return {
        kind: 'done',
        value: { role: view.role, replicationId: view.replicationId, offset: view.offset },
      };
    return view.state === 'silent' ? (lost as Reply<never>) : (unsent as Reply<never>);
  }

  async pauseWrites(milliseconds: number): Promise<Reply<ReplicationPosition>> {
    const outcome = this.#mutate('pause', (redis) => {
      redis.pausedUntil = Math.max(redis.pausedUntil, this.#world.now + milliseconds);
      return done;
    });
    const { role, data, incarnation } = this.#world.get(this.#name);
    if (outcome.kind !== 'done') return outcome;
    this.#lookedAt = incarnation;
    return { kind: 'done', value: { role, replicationId: data.replicationId, offset: data.offset } };
  }

  async resumeWrites(): Promise<Outcome> {
    return this.#mutate('resume', (redis) => {
      redis.pausedUntil = 0;
      return done;
    });
  }

  async follow(primary: Endpoint): Promise<Outcome> {
    return this.#mutateRole('follow', (redis) => {
      becomeReplica(redis, primary.host, this.#world.now);
      return done;
    });
  }

  async promote(): Promise<Outcome> {
    return this.#mutateRole('promote', (redis) => {
      this.#world.promote(redis);
      return done;
    });
  }

  async dropClients(): Promise<Outcome> {
    return this.#mutate('dropClients', () => done);
  }

  async persistConfig(): Promise<Outcome> {
    return this.#mutate('persist', (redis) => {
      redis.savedRole = { role: redis.role, of: redis.of };
      redis.savedConfig = { ...redis.config };
      return done;
    });
  }

  async setConfig(settings: Readonly<Record<string, string>>): Promise<Outcome> {
    return this.#mutate('config', (redis) => {
      Object.assign(redis.config, settings);
      return done;
    });
  }

  async acceptPassword(): Promise<Outcome> {
    return this.#mutate('password', () => done);
  }

  async retirePassword(): Promise<Outcome> {
    return this.#mutate('password', () => done);
  }

  async setReplicationLogin(): Promise<Outcome> {
    return this.#mutate('login', () => done);
  }

  async snapshot(): Promise<Reply<string>> {
    const outcome = this.#mutate('snapshot', (redis) => {
      redis.snapshot = redis.data;
      return done;
    });
    return outcome.kind === 'done' ? { kind: 'done', value: '/var/lib/redis/dump.rdb' } : outcome;
  }

  onLost(): void {}
  close(): void {}
}

class SimHostPort implements HostPort {
  readonly #world: World;
  readonly #name: string;
  readonly #meddling: Meddling;
  readonly preserved: (readonly number[])[];

  constructor(world: World, name: string, meddling: Meddling, preserved: (readonly number[])[]) {
    this.#world = world;
    this.#name = name;
    this.#meddling = meddling;
    this.preserved = preserved;
  }

  #reachable(): boolean {
    return this.#world.host(this.#name).powered && this.#world.reaches('@host', this.#name);
  }

  async observe(lease?: LeaseTerms): Promise<HostView> {
    if (!this.#reachable()) return { state: 'silent' };
    const host = this.#world.host(this.#name);
    if (lease?.seconds === 0) host.leaseUntil = undefined;
    else if (lease !== undefined && lease.epoch >= host.epoch)
      host.leaseUntil = Math.max(host.leaseUntil ?? 0, this.#world.now + lease.seconds * 1000);
    const units = [...host.units].map(([name, unit]): UnitView => view(name, unit.state));
    return {
      state: 'answers',
      bootId: `${host.name}-${host.boots}`,
      redisUnit: this.#redisUnit(),
      units,
      epoch: host.epoch,
      lease: { state: this.#leaseState(host.leaseUntil) },
    };
  }

  #leaseState(until: number | undefined): LeaseView['state'] {
    if (until === undefined) return 'absent';
    if (this.#world.now < until) return 'armed';
    return this.#world.isCarryingOn(this.#name) ? 'carryingOn' : 'expired';
  }

  #redisUnit(): UnitView {
    const redis = this.#world.get(this.#name);
    const ended = { endedSeconds: Math.floor((this.#world.now - redis.endedAt) / 1000) };
    if (redis.process === 'crashed')
      return { ...view('redis-server.service', 'failed'), result: 'signal', ...ended };
    if (redis.process === 'stopped') return { ...view('redis-server.service', 'stopped'), ...ended };
    return view('redis-server.service', 'running');
  }

  #mutate(what: string, epoch: number, apply: () => Outcome): Outcome {
    if (!this.#reachable()) return lost;
    const host = this.#world.host(this.#name);
    if (epoch < host.epoch)
      return { kind: 'refused', reason: 'EpochTooOld', message: `${host.epoch} was seen` };
    host.epoch = epoch;
    return effect(this.#meddling, what, this.#name, apply);
  }

  async startUnits(units: readonly string[], epoch: number): Promise<Outcome> {
    return this.#mutate('start', epoch, () => {
      if (this.#world.refuseStarts.has(this.#name))
        return { kind: 'refused', reason: 'UnitDoesNotStart', message: 'there is no such program.' };
      for (const unit of units) this.#world.startUnit(this.#name, unit);
      return done;
    });
  }

  async stopUnits(units: readonly string[], epoch: number): Promise<Outcome> {
    const own = this.#world.host(this.#name).units;
    const active = units.filter((unit) => own.get(unit)?.state === 'running');
    // Proving again that nothing runs is a question, not an effect.
    if (this.#reachable() && active.length === 0 && epoch >= this.#world.host(this.#name).epoch) {
      this.#world.host(this.#name).epoch = epoch;
      return done;
    }
    return this.#mutate('stop', epoch, () => {
      const stubborn = active.filter((unit) => own.get(unit)?.stubborn === true);
      for (const unit of active) {
        const known = own.get(unit);
        if (known !== undefined && !known.stubborn) known.state = 'stopped';
      }
      return stubborn.length === 0
        ? done
        : { kind: 'refused', reason: 'UnitDoesNotStop', message: stubborn.join(', ') };
    });
  }

  async stopRedis(epoch: number): Promise<Outcome> {
    return this.#mutate('stopRedis', epoch, () => {
      endProcess(this.#world.get(this.#name), 'crashed', this.#world.now);
      return done;
    });
  }

  async startRedis(epoch: number): Promise<Outcome> {
    return this.#mutate('startRedis', epoch, () => {
      startProcess(this.#world.get(this.#name), this.#world.now);
      return done;
    });
  }

  async copyAside(path: string, epoch: number): Promise<Reply<{ path: string; bytes: number }>> {
    const outcome = this.#mutate('copyAside', epoch, () => {
      this.preserved.push(this.#world.get(this.#name).snapshot.log);
      return done;
    });
    if (outcome.kind !== 'done') return outcome;
    return { kind: 'done', value: { path: `${path}.kept.${this.preserved.length}`, bytes: 1 } };
  }

  onChange(): void {}
  close(): void {}
}

function view(name: string, state: UnitView['state']): UnitView {
  return { name, state, result: 'success', restarts: 0, enabledAtBoot: false, restartsItself: false };
}

export function simNodes(
  world: World,
  meddling: Meddling,
  preserved: (readonly number[])[],
): Map<string, GroupNode> {
  return new Map(
    [...world.redis.keys()].map((name) => [
      name,
      {
        name,
        endpoint: { host: name, port },
        redis: new SimRedisNode(world, name, meddling),
        host: new SimHostPort(world, name, meddling, preserved),
      },
    ]),
  );
}
