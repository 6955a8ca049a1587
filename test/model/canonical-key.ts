import type { Fence, LastSeen, Status, TransitionRecord } from '../../crd/status.ts';
import type { NodeMemory } from '../../reconcilers/memory.ts';
import { Reason } from '../../reconcilers/reasons.ts';
import type { SimData } from '../world/sim-redis.ts';
import { bytesPerWrite } from '../world/sim-redis.ts';
import { isAsking } from './model-event.ts';
import type { ModelScope, ModelState } from './model-state.ts';
import { maxLagBytes } from './model-state.ts';
import type { ModelHost, ModelRedis } from './model-world.ts';
import { tickMs } from './model-world.ts';

/**
 * What two states must have in common to be one: times count from now and end where the code stops comparing
 * them, ids are named in their order of appearance, epochs by their rank; texts, figures for people and the
 * order of units do not count. Conditions are left out: each pass computes them anew from what is in the key.
 */
export function canonicalKey(scope: ModelScope, state: ModelState): string {
  let best: string | undefined;
  for (const order of unitOrders(scope.units.length)) {
    const key = new KeyWriter(scope, state, order).key();
    if (best === undefined || key < best) best = key;
  }
  return best ?? '';
}

function unitOrders(units: number): number[][] {
  return units === 2
    ? [
        [0, 1],
        [1, 0],
      ]
    : [Array.from({ length: units }, (_, at) => at)];
}

/** Up to where the code compares each time (ms); a tick more where it asks for more than that. */
const longest = {
  silence: 6_000,
  lease: 9_000,
  leaseOver: 6_000,
  heard: 6_000,
  linkLost: 30_000,
  cooldown: 6_000,
} as const;

/**
 * Silences that the code judges by bounds far beyond what a few ticks reach: up to 30 s and the policy's own waits,
 * up to repl-timeout on top of that, or beyond. Only `long wait` crosses them: within one, time makes no difference.
 */
const longSilences = [36_000, 99_000] as const;

class KeyWriter {
  readonly #state: ModelState;
  readonly #names: readonly string[];
  readonly #unitOrder: readonly number[];
  readonly #out: (string | number)[] = [];
  readonly #ids = new Map<string, number>();
  readonly #writes = new Map<number, number>();

  constructor(scope: ModelScope, state: ModelState, unitOrder: readonly number[]) {
    this.#state = state;
    this.#names = scope.nodes;
    this.#unitOrder = unitOrder;
  }

  key(): string {
    const { world, primary, paused } = this.#state;
    this.#put(this.#node(primary), paused ? 'P' : '-', this.#state.manual ? 'M' : '-', world.writes);
    this.#put(isAsking(this.#state) ? 'Q' : '-', this.#oldWrites());
    for (const redis of world.redis) this.#redis(redis);
    for (const host of world.hosts) this.#host(host);
    this.#put([...world.cuts, ...world.pulled].sort().join(' '), [...world.parted].join('+'));
    this.#put(this.#log(world.preserved));
    const { loss } = world;
    if (loss !== undefined)
      this.#put(
        loss.growing ? 'L' : 'l',
        this.#node(loss.from),
        this.#node(loss.to),
        this.#log(loss.writes),
        this.#log(loss.seen),
      );
    this.#status(this.#state.status);
    this.#memory();
    this.#wishes();
    return this.#out.join(',');
  }

  #put(...values: (string | number)[]): void {
    for (const value of values) this.#out.push(value);
  }

  #node(name: string | undefined): number {
    return name === undefined ? -1 : this.#names.indexOf(name);
  }

  #id(id: string | undefined): number {
    if (id === undefined) return -1;
    const known = this.#ids.get(id);
    if (known !== undefined) return known;
    this.#ids.set(id, this.#ids.size);
    return this.#ids.size - 1;
  }

  /** Nobody acts under an older epoch than the recorded one: only how far one is ahead of it matters. */
  #ahead(epoch: number): number {
    return Math.max(0, epoch - (this.#state.status.epoch ?? 0));
  }

  #log(log: readonly number[]): string {
    return log
      .map((write) => {
        const known = this.#writes.get(write) ?? this.#writes.size;
        this.#writes.set(write, known);
        return known;
      })
      .join('.');
  }

  /** Time since, in ticks, up to `most` ms: beyond that nothing compares it. */
  #age(at: number | undefined, most: number): number {
    if (at === undefined) return -1;
    return Math.ceil(Math.min(Math.max(0, this.#state.world.now - at), most) / tickMs);
  }

  /** How many of the long bounds it is over. */
  #longAgo(at: number): number {
    const since = this.#state.world.now - at;
    return longSilences.filter((bound) => since > bound).length;
  }

  /** Time since, in ticks, up to `most` ms, and then by the long bounds. */
  #silence(at: number | undefined, most: number): number {
    return at === undefined ? -1 : this.#age(at, most) + this.#longAgo(at);
  }

  /** How many of the writes, the oldest first, were taken longer ago than a silence that may be passed over. */
  #oldWrites(): number {
    const { wroteAt, now } = this.#state.world;
    return wroteAt.filter((at) => now - at > longSilences[0]).length;
  }

  #left(until: number | undefined, least = 0): number {
    if (until === undefined) return -99;
    return Math.ceil(Math.max(until - this.#state.world.now, -least) / tickMs);
  }

  #data(data: SimData): void {
    this.#put(this.#id(data.replicationId), this.#id(data.previousId), data.previousEnd ?? -1, data.offset);
    this.#put(this.#log(data.log));
  }

  #redis(redis: ModelRedis): void {
    this.#put(redis.process[0] ?? '', redis.role[0] ?? '', this.#node(redis.of), redis.lagging ? 1 : 0);
    const isUp = redis.process === 'running' || redis.process === 'hung';
    if (isUp) {
      this.#data(redis.data);
      this.#put(settings(redis.config), Math.min(2, this.#left(redis.pausedUntil)));
    } else this.#put(this.#log(redis.data.log));
    if (!isUp) this.#put(this.#longAgo(redis.endedAt));
    this.#data(redis.snapshot);
    this.#put(redis.savedRole.role[0] ?? '', this.#node(redis.savedRole.of), settings(redis.savedConfig));
    this.#put(this.#ahead(redis.claimed));
    if (!isUp) return;
    if (redis.role === 'primary')
      for (const name of this.#names) this.#put(this.#silence(redis.acknowledgedAt.get(name), longest.heard));
    else {
      this.#put(
        redis.link,
        redis.wasUp ? 1 : 0,
        this.#silence(redis.heardAt === 0 ? undefined : redis.heardAt, longest.heard),
      );
      if (redis.link === 'down') this.#put(this.#longAgo(redis.linkLostAt), this.#lostByItsEnd(redis));
      this.#put(redis.link === 'syncing' ? this.#left(redis.syncDoneAt) : 0);
    }
  }

  /** Whether the link went when its primary ended: that tells how long it was silent before. */
  #lostByItsEnd({ of, linkLostAt }: ModelRedis): number {
    const source = this.#state.world.redis.find(({ name }) => name === of);
    const ended = source?.process === 'crashed' || source?.process === 'stopped';
    return ended && linkLostAt >= source.endedAt - 2_000 ? 1 : 0;
  }

  #host(host: ModelHost): void {
    this.#put(host.powered ? 1 : 0, this.#ahead(host.epoch), host.fence[0] ?? '');
    for (const at of this.#unitOrder) {
      const unit = host.units[at];
      this.#put(`${unit?.state[1]}${unit?.stubborn === true ? '!' : ''}`);
    }
    this.#put(this.#left(host.leaseUntil, longest.leaseOver));
  }

  #lastSeen(seen: LastSeen | undefined): void {
    if (seen === undefined) this.#put('-');
    else {
      this.#put(this.#id(seen.replicationId), seen.offset, seen.refusesAlone === true ? 1 : 0);
      // How fast it wrote is a figure for people: an estimate is judged by what was seen, whatever comes on top.
      this.#put(this.#longAgo(Date.parse(seen.time)));
    }
  }

  #status(status: Status): void {
    const { transition: open, failedAttempt: failed, lastTransition: last } = status;
    this.#put('S', status.epoch === undefined ? 0 : 1, this.#node(status.currentPrimary));
    this.#put(this.#id(status.primaryReplicationId), this.#node(status.handledPrimary));
    if (open !== undefined) {
      this.#put(open.kind, this.#node(open.from), this.#node(open.to), this.#ahead(open.epoch));
      this.#put(open.cause === Reason.PutBack ? 1 : 0);
      this.#lastSeen(open.lastSeen);
      this.#put(this.#loss(open));
    }
    if (failed !== undefined) {
      this.#put('F', this.#node(failed.to), this.#node(failed.back), Math.min(failed.count, 2));
      this.#put(this.#left(Date.parse(failed.retryTime)));
    }
    if (last !== undefined) {
      const isNewest = last.epoch === status.epoch;
      this.#put('T', last.kind, this.#node(last.from), this.#node(last.to), isNewest ? 1 : 0);
      this.#put(this.#age(Date.parse(last.completionTime), longest.cooldown), this.#loss(last));
      this.#put(last.lostBytesExact === true ? 1 : 0, last.preserved === undefined ? 0 : 1);
    }
    this.#put(
      'D',
      ...(status.demoting ?? []),
      'R',
      ...(status.stoppedRedis ?? []),
      'C',
      ...(status.unsaved ?? []),
    );
    this.#put((status.lapsedAnswers ?? []).length);
    for (const fence of status.fences ?? []) this.#fence(fence);
    for (const node of status.nodes ?? [])
      this.#put(
        `${node.inSync}`,
        (node.lease?.state ?? 'absent') === 'absent' ? 0 : 1,
        (node.lagBytes ?? 0) > maxLagBytes ? 1 : 0,
      );
  }

  /** An estimate counts by how many of the writes it covers that it must; what comes on top is for people. */
  #loss({ lostBytes, lostBytesExact }: Pick<TransitionRecord, 'lostBytes' | 'lostBytesExact'>): string {
    if (lostBytes === undefined || lostBytesExact === true) return `${lostBytes ?? '-'}`;
    const seen = this.#state.world.loss?.seen.length ?? 0;
    return `~${Math.min(Math.floor(lostBytes / bytesPerWrite), seen)}`;
  }

  #fence(fence: Fence): void {
    this.#put(this.#node(fence.node), fence.proof, this.#longAgo(Date.parse(fence.time)));
  }

  #memory(): void {
    const { memory, saw } = this.#state;
    for (const name of this.#names) {
      this.#nodeMemory(memory.nodes[name] ?? {});
      this.#put(this.#mayHaveHung(name));
      this.#put('w', this.#log(saw[name] ?? []));
    }
    this.#put('O', ...memory.poweredOff);
    const { progress } = memory;
    if (progress === undefined) return;
    this.#put(
      'G',
      progress.epoch === this.#state.status.transition?.epoch ? 1 : 0,
      progress.handedOver ? 1 : 0,
      [...progress.persisted].sort().join(),
    );
    this.#put(
      Math.min(progress.failedFences ?? 0, 2),
      Math.min(progress.unknowns, 3),
      progress.refusal?.reason ?? '-',
    );
    this.#put(progress.unitsRefusal?.reason ?? '-');
  }

  /** Whether it was silent up to when its link was lost, by its own word; while it is silent, that comes yet. */
  #mayHaveHung(name: string): string {
    const { memory, world } = this.#state;
    const silentAt = memory.nodes[name]?.redisSilentAt;
    const { role, link, linkLostAt } = world.get(name);
    if (silentAt === undefined) return '-';
    return role === 'replica' && link === 'down' ? `${linkLostAt >= silentAt - 2_000}` : '?';
  }

  /** How long it has been alone counts from the silence of its host; what was before that does not. */
  #alone({ aloneSince, hostSilentSince }: NodeMemory): number {
    if (aloneSince === undefined || hostSilentSince === undefined || aloneSince <= hostSilentSince)
      return aloneSince === undefined ? -1 : 0;
    return 1 + this.#age(aloneSince, longest.lease);
  }

  #nodeMemory(node: NodeMemory): void {
    this.#put(this.#age(node.redisDownSince, longest.silence), this.#age(node.redisHeardAt, tickMs));
    this.#put(this.#age(node.hostSilentSince, longest.lease), this.#alone(node));
    this.#put(`${node.hostAnswers}`, this.#node(node.demotedFor), node.saved === true ? 1 : 0);
    this.#lastSeen(node.lastSeen);
    this.#lastSeen(node.seenBefore);
    // While it answers, each look tells anew who hears it.
    if (node.redisDownSince !== undefined)
      for (const { until, isOver } of Object.values(node.attended ?? {}))
        this.#put(this.#silence(until, longest.heard), isOver ? 1 : 0);
    if (node.heard !== undefined)
      this.#put('h', this.#names.indexOf(node.heard.of.split(':')[0] ?? ''), this.#longAgo(node.heard.at));
    if (node.unitStarts !== undefined) {
      const { count, at } = node.unitStarts;
      this.#put('U', count > 2 ? 1 : 0, Math.min(2, this.#left(at + 1000 * 2 ** (count - 1))));
    }
    if (node.preserved !== undefined)
      this.#put('K', this.#id(node.preserved.replicationId), node.preserved.offset);
  }

  #wishes(): void {
    const epoch = this.#state.status.epoch ?? 0;
    for (const [key, value] of Object.entries(this.#state.annotations)) {
      const own = this.#state.status.transition?.fromEpoch;
      const tried = this.#state.status.failedAttempt?.fromEpoch;
      const named = Number(/(\d+)$/.exec(value)?.[1] ?? -1);
      const holds = named === epoch ? 'now' : named === own ? 'own' : named === tried ? 'tried' : 'past';
      // A wish of a past epoch is no wish, nor an excuse.
      if (holds === 'past') continue;
      this.#put(key, value.split('@')[0]?.replace(/^\d+$/, '') ?? '', holds);
    }
  }
}

const settingNames = ['min-replicas-to-write', 'repl-ping-replica-period', 'min-replicas-max-lag'];

function settings(config: Readonly<Record<string, string>>): string {
  return settingNames.map((name) => config[name] ?? '').join('/');
}

/** 53 bits of a text (cyrb53): so few states collide that none is likely to. */
export function hashOf(text: string): number {
  let one = 0xdeadbeef;
  let two = 0x41c6ce57;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    one = Math.imul(one ^ code, 2654435761);
    two = Math.imul(two ^ code, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(two ^ (two >>> 13), 3266489909);
  two = Math.imul(two ^ (two >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return 4294967296 * (2097151 & two) + (one >>> 0);
}
