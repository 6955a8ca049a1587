import type { FencePort } from '../../controller/ports/fence.ts';
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
import type { ModelHost, ModelRedis, ModelWorld } from './model-world.ts';

/** What stands between one controller's process and the world. */
export interface Between {
  readonly world: ModelWorld;
  readonly units: readonly string[];
  /** Something may happen before this look; nothing else is told of it. */
  readonly look: (node: string) => void;
  /** Something may happen before this effect, or the process may die; `unknown`: its answer is lost. */
  readonly effect: (what: string, node: string) => Promise<'known' | 'lostAfter' | 'lostBefore'>;
  /** Judged just before it takes place. */
  readonly judge: (what: 'promote' | 'follow' | 'start' | 'powerOff', node: string, to?: string) => void;
  /** A Redis of the world was seen. */
  readonly seen: (node: string) => void;
}

const port = 6379;
const done: Outcome = { kind: 'done' };
const lost: Exclude<Outcome, { kind: 'done' }> = {
  kind: 'unknown',
  reason: 'OutcomeUnknown',
  message: 'the connection was lost',
};
const unsent: Exclude<Outcome, { kind: 'done' }> = {
  kind: 'refused',
  reason: 'NotConnected',
  message: 'not connected',
};
const tooOld: Outcome = { kind: 'refused', reason: 'EpochTooOld', message: 'a higher epoch was seen' };

/** A catch-up that needs more looks than this takes time (ms each). */
const freePolls = 3;
const pollMs = 500;

export class ModelRedisPort implements RedisNodePort {
  readonly #between: Between;
  readonly #name: string;
  #claimed = -1;
  #polls = 0;

  constructor(between: Between, name: string) {
    this.#between = between;
    this.#name = name;
  }

  get #redis(): ModelRedis {
    return this.#between.world.get(this.#name);
  }

  get #reachable(): boolean {
    const { world } = this.#between;
    return world.host(this.#name).powered && world.reaches('@', this.#name);
  }

  async observe(): Promise<RedisView> {
    this.#between.look(this.#name);
    this.#between.seen(this.#name);
    return this.#view();
  }

  #view(): RedisView {
    if (!this.#reachable || this.#redis.process === 'hung') return { state: 'silent' };
    if (this.#redis.process !== 'running') return { state: 'refused' };
    return redisView(this.#between.world, this.#redis);
  }

  async claim(epoch: number): Promise<Outcome> {
    const fate = await this.#between.effect('claim', this.#name);
    const view = this.#view();
    if (view.state === 'silent' || fate === 'lostBefore') return lost;
    if (view.state !== 'answers') return unsent;
    if (epoch < this.#redis.claimed) return tooOld;
    this.#redis.claimed = epoch;
    if (fate === 'lostAfter') return lost;
    this.#claimed = epoch;
    return done;
  }

  async position(): Promise<Reply<ReplicationPosition>> {
    this.#polls += 1;
    this.#between.world.advance(this.#polls > freePolls ? pollMs : 0);
    const view = this.#view();
    if (view.state === 'silent') return lost;
    if (view.state !== 'answers') return unsent;
    return {
      kind: 'done',
      value: { role: view.role, replicationId: view.replicationId, offset: view.offset },
    };
  }

  /** A connection that claimed less than another one was ended by the server. */
  async #mutate(what: string, apply: (redis: ModelRedis) => void): Promise<Outcome> {
    const fate = await this.#between.effect(what, this.#name);
    const redis = this.#redis;
    if (!this.#reachable || redis.process === 'hung') return lost;
    if (redis.process !== 'running' || redis.claimed > this.#claimed) return unsent;
    if (fate === 'lostBefore') return lost;
    apply(redis);
    return fate === 'lostAfter' ? lost : done;
  }

  async pauseWrites(milliseconds: number): Promise<Reply<ReplicationPosition>> {
    const { world } = this.#between;
    const outcome = await this.#mutate('pause', (redis) => {
      redis.pausedUntil = Math.max(redis.pausedUntil, world.now + milliseconds);
    });
    if (outcome.kind !== 'done') return outcome;
    const { role, data } = this.#redis;
    return { kind: 'done', value: { role, replicationId: data.replicationId, offset: data.offset } };
  }

  resumeWrites(): Promise<Outcome> {
    return this.#mutate('resume', (redis) => {
      redis.pausedUntil = 0;
    });
  }

  follow(primary: Endpoint): Promise<Outcome> {
    return this.#mutate('follow', () => {
      this.#between.judge('follow', this.#name, primary.host);
      this.#between.world.follow(this.#name, primary.host);
    });
  }

  promote(): Promise<Outcome> {
    return this.#mutate('promote', () => {
      this.#between.judge('promote', this.#name);
      this.#between.world.promote(this.#name);
    });
  }

  async dropClients(): Promise<Outcome> {
    return this.#mutate('dropClients', () => undefined);
  }

  persistConfig(): Promise<Outcome> {
    return this.#mutate('persist', (redis) => {
      redis.savedRole = { role: redis.role, of: redis.of };
      redis.savedConfig = { ...redis.config };
    });
  }

  setConfig(settings: Readonly<Record<string, string>>): Promise<Outcome> {
    return this.#mutate('config', (redis) => {
      redis.config = { ...redis.config, ...settings };
    });
  }

  async snapshot(): Promise<Reply<string>> {
    const outcome = await this.#mutate('snapshot', (redis) => {
      redis.snapshot = redis.data;
    });
    return outcome.kind === 'done' ? { kind: 'done', value: '/var/lib/redis/dump.rdb' } : outcome;
  }

  async setReplicationLogin(): Promise<Outcome> {
    return done;
  }

  async acceptPassword(): Promise<Outcome> {
    return done;
  }

  async retirePassword(): Promise<Outcome> {
    return done;
  }

  onLost(): void {}
  close(): void {}
}

function redisView(world: ModelWorld, redis: ModelRedis): RedisView {
  const { data } = redis;
  const common = {
    state: 'answers' as const,
    runId: `${redis.name}#${redis.incarnation}`,
    replicationId: data.replicationId,
    ...(data.previousId === undefined ? {} : { previousReplicationId: data.previousId }),
    ...(data.previousEnd === undefined ? {} : { previousEndOffset: data.previousEnd }),
    offset: data.offset,
    keys: data.log.length,
    usedMemoryBytes: 1_000_000,
    diskFailing: false,
    config: redis.config,
    otherAgent: false,
    priority: 100,
  };
  if (redis.role === 'primary') return { ...common, role: 'primary', replicas: replicasOf(world, redis) };
  const isDown = redis.link === 'down' && redis.wasUp;
  return {
    ...common,
    role: 'replica',
    of: { host: redis.of ?? '', port },
    link: redis.link,
    ...(isDown ? { linkDownSeconds: Math.floor((world.now - redis.linkLostAt) / 1000) } : {}),
    ...(redis.heardAt === 0 ? {} : { lastIoSeconds: Math.floor((world.now - redis.heardAt) / 1000) }),
  };
}

/** A silent one stays on the list until its socket is closed, as in Redis. */
function replicasOf(world: ModelWorld, redis: ModelRedis): AttachedReplica[] {
  return world.redis.flatMap((other): AttachedReplica[] => {
    const heard = redis.acknowledgedAt.get(other.name);
    const attached = other.role === 'replica' && other.of === redis.name && other.link !== 'down';
    if (heard === undefined || !attached || other.process === 'crashed' || other.process === 'stopped')
      return [];
    const lagSeconds = Math.floor((world.now - heard) / 1000);
    const state = other.link === 'up' ? 'online' : 'syncing';
    return [{ host: other.name, port, state, offset: other.data.offset, lagSeconds }];
  });
}

export class ModelHostPort implements HostPort {
  readonly #between: Between;
  readonly #name: string;

  constructor(between: Between, name: string) {
    this.#between = between;
    this.#name = name;
  }

  get #host(): ModelHost {
    return this.#between.world.host(this.#name);
  }

  get #reachable(): boolean {
    return this.#host.powered && this.#between.world.reaches('@host', this.#name);
  }

  async observe(lease?: LeaseTerms): Promise<HostView> {
    if (!this.#reachable) return { state: 'silent' };
    const host = this.#host;
    const { now } = this.#between.world;
    if (lease?.seconds === 0) host.leaseUntil = undefined;
    else if (lease !== undefined && lease.epoch >= host.epoch)
      host.leaseUntil = Math.max(host.leaseUntil ?? 0, now + lease.seconds * 1000);
    return {
      state: 'answers',
      bootId: host.name,
      redisUnit: this.#redisUnit(),
      units: this.#between.units.map((name, at) => view(name, host.units[at]?.state ?? 'stopped')),
      epoch: host.epoch,
      lease: { state: this.#leaseState(host.leaseUntil) },
    };
  }

  #leaseState(until: number | undefined): LeaseView['state'] {
    if (until === undefined) return 'absent';
    if (this.#between.world.now < until) return 'armed';
    return this.#between.world.isCarryingOn(this.#name) ? 'carryingOn' : 'expired';
  }

  #redisUnit(): UnitView {
    const { process, endedAt } = this.#between.world.get(this.#name);
    const ended = { endedSeconds: Math.floor((this.#between.world.now - endedAt) / 1000) };
    if (process === 'crashed')
      return { ...view('redis-server.service', 'failed'), result: 'signal', ...ended };
    if (process === 'stopped') return { ...view('redis-server.service', 'stopped'), ...ended };
    return view('redis-server.service', 'running');
  }

  async #mutate(what: string, epoch: number, apply: (host: ModelHost) => Outcome): Promise<Outcome> {
    const fate = await this.#between.effect(what, this.#name);
    if (!this.#reachable) return lost;
    const host = this.#host;
    if (epoch < host.epoch) return tooOld;
    if (fate === 'lostBefore') return lost;
    host.epoch = epoch;
    const outcome = apply(host);
    return fate === 'lostAfter' ? lost : outcome;
  }

  startUnits(units: readonly string[], epoch: number): Promise<Outcome> {
    return this.#mutate('start', epoch, () => {
      this.#between.judge('start', this.#name);
      for (const unit of units) this.#between.world.startUnit(this.#name, this.#between.units.indexOf(unit));
      return done;
    });
  }

  stopUnits(units: readonly string[], epoch: number): Promise<Outcome> {
    return this.#mutate('stop', epoch, (host) => {
      const named = units.map((unit) => host.units[this.#between.units.indexOf(unit)]);
      const active = named.filter((unit) => unit?.state === 'running');
      for (const unit of active) if (unit !== undefined && !unit.stubborn) unit.state = 'stopped';
      return active.some((unit) => unit?.stubborn === true)
        ? { kind: 'refused', reason: 'UnitDoesNotStop', message: 'it does not end' }
        : done;
    });
  }

  stopRedis(epoch: number): Promise<Outcome> {
    const { world } = this.#between;
    return this.#mutate('stopRedis', epoch, () => {
      // One that does not hear is killed.
      world.end(this.#name, world.get(this.#name).process === 'hung' ? 'crashed' : 'stopped');
      return done;
    });
  }

  startRedis(epoch: number): Promise<Outcome> {
    return this.#mutate('startRedis', epoch, () => {
      this.#between.world.start(this.#name);
      return done;
    });
  }

  async copyAside(path: string, epoch: number): Promise<Reply<{ path: string; bytes: number }>> {
    const { world } = this.#between;
    const outcome = await this.#mutate('copyAside', epoch, () => {
      world.preserved = [...new Set([...world.preserved, ...world.get(this.#name).snapshot.log])];
      return done;
    });
    if (outcome.kind !== 'done') return outcome;
    return { kind: 'done', value: { path: `${path}.${this.#between.world.preserved.length}`, bytes: 1 } };
  }

  onChange(): void {}
  close(): void {}
}

export class ModelFencePort implements FencePort {
  readonly #between: Between;
  readonly #name: string;

  constructor(between: Between, name: string) {
    this.#between = between;
    this.#name = name;
  }

  async powerOff(): Promise<Outcome> {
    const fate = await this.#between.effect('powerOff', this.#name);
    const { world } = this.#between;
    const { fence } = world.host(this.#name);
    if (fence === 'unsure' || fate === 'lostBefore') return lost;
    if (fence === 'refuses') return { kind: 'refused', reason: 'FenceRefused', message: 'it says no' };
    this.#between.judge('powerOff', this.#name);
    world.power(this.#name, false);
    return fate === 'lostAfter' ? lost : done;
  }

  close(): void {}
}

function view(name: string, state: UnitView['state']): UnitView {
  return { name, state, result: 'success', restarts: 0, enabledAtBoot: false, restartsItself: false };
}
