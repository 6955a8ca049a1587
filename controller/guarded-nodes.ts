import type { Outcome } from '../reconcilers/action.ts';
import type { HostView, RedisView } from '../reconcilers/observation.ts';
import { Reason } from '../reconcilers/reasons.ts';
import type { ConnectGroup } from './controller.ts';
import type { GroupNode } from './group-nodes.ts';
import type { Leadership } from './leadership.ts';
import type { FencePort } from './ports/fence.ts';
import type { HostPort, LeaseTerms } from './ports/host.ts';
import type { Endpoint, RedisNodePort, ReplicationPosition, Reply } from './ports/redis-node.ts';

type NotDone = Exclude<Outcome, { kind: 'done' }>;

/** A Redis command that was sent has taken effect, or never will, after this long (ms). */
const commandMs = 1_000;
/** An order to a host is on its way no longer than this (ms); the epoch stops it there after that. */
const orderMs = 3_000;

/**
 * The nodes of a group as a leader may use them: whatever changes something is sent only while the leader's lease
 * has time left for it, and refused as NotLeading otherwise. A look is always allowed; it renews no lease then.
 */
export function guarded(connect: ConnectGroup, leadership: Leadership): ConnectGroup {
  return async (group) => (await connect(group)).map((node) => guardedNode(node, leadership));
}

function guardedNode(node: GroupNode, leadership: Leadership): GroupNode {
  const { host, fence } = node;
  return {
    ...node,
    redis: new GuardedRedis(node.redis, leadership),
    ...(host === undefined ? {} : { host: new GuardedHost(host, leadership) }),
    ...(fence === undefined ? {} : { fence: new GuardedFence(fence, leadership) }),
  };
}

/** Why nothing may be sent that takes so long, or nothing. */
export function barred(leadership: Leadership, neededMs: number): NotDone | undefined {
  if (leadership.leftMs() >= neededMs) return undefined;
  const message = 'This controller leads no longer, or not for long enough: nothing was sent.';
  return { kind: 'refused', reason: Reason.NotLeading, message };
}

class GuardedRedis implements RedisNodePort {
  readonly #inner: RedisNodePort;
  readonly #leadership: Leadership;

  constructor(inner: RedisNodePort, leadership: Leadership) {
    this.#inner = inner;
    this.#leadership = leadership;
  }

  observe(): Promise<RedisView> {
    return this.#inner.observe();
  }

  async claim(epoch: number): Promise<Outcome> {
    return this.#barred() ?? this.#inner.claim(epoch);
  }

  position(): Promise<Reply<ReplicationPosition>> {
    return this.#inner.position();
  }

  async pauseWrites(milliseconds: number): Promise<Reply<ReplicationPosition>> {
    return this.#barred() ?? this.#inner.pauseWrites(milliseconds);
  }

  async resumeWrites(): Promise<Outcome> {
    return this.#barred() ?? this.#inner.resumeWrites();
  }

  async follow(primary: Endpoint): Promise<Outcome> {
    return this.#barred() ?? this.#inner.follow(primary);
  }

  async promote(): Promise<Outcome> {
    return this.#barred() ?? this.#inner.promote();
  }

  async dropClients(): Promise<Outcome> {
    return this.#barred() ?? this.#inner.dropClients();
  }

  async persistConfig(): Promise<Outcome> {
    return this.#barred() ?? this.#inner.persistConfig();
  }

  async setReplicationLogin(): Promise<Outcome> {
    return this.#barred() ?? this.#inner.setReplicationLogin();
  }

  async acceptPassword(): Promise<Outcome> {
    return this.#barred() ?? this.#inner.acceptPassword();
  }

  async retirePassword(): Promise<Outcome> {
    return this.#barred() ?? this.#inner.retirePassword();
  }

  async setConfig(settings: Readonly<Record<string, string>>): Promise<Outcome> {
    return this.#barred() ?? this.#inner.setConfig(settings);
  }

  async snapshot(timeoutMs: number): Promise<Reply<string>> {
    return this.#barred() ?? this.#inner.snapshot(timeoutMs);
  }

  onLost(listener: () => void): void {
    this.#inner.onLost(listener);
  }

  close(): void {
    this.#inner.close();
  }

  #barred(): NotDone | undefined {
    return barred(this.#leadership, commandMs);
  }
}

class GuardedHost implements HostPort {
  readonly #inner: HostPort;
  readonly #leadership: Leadership;

  constructor(inner: HostPort, leadership: Leadership) {
    this.#inner = inner;
    this.#leadership = leadership;
  }

  observe(lease?: LeaseTerms): Promise<HostView> {
    return this.#inner.observe(this.#barred() === undefined ? lease : undefined);
  }

  async startUnits(units: readonly string[], epoch: number): Promise<Outcome> {
    return this.#barred() ?? this.#inner.startUnits(units, epoch);
  }

  async stopUnits(units: readonly string[], epoch: number): Promise<Outcome> {
    return this.#barred() ?? this.#inner.stopUnits(units, epoch);
  }

  async stopRedis(epoch: number): Promise<Outcome> {
    return this.#barred() ?? this.#inner.stopRedis(epoch);
  }

  async startRedis(epoch: number): Promise<Outcome> {
    return this.#barred() ?? this.#inner.startRedis(epoch);
  }

  async copyAside(
    path: string,
    epoch: number,
    keep: number,
  ): Promise<Reply<{ path: string; bytes: number }>> {
    return this.#barred() ?? this.#inner.copyAside(path, epoch, keep);
  }

  onChange(listener: () => void): void {
    this.#inner.onChange(listener);
  }

  close(): void {
    this.#inner.close();
  }

  #barred(): NotDone | undefined {
    return barred(this.#leadership, orderMs);
  }
}

class GuardedFence implements FencePort {
  readonly #inner: FencePort;
  readonly #leadership: Leadership;

  constructor(inner: FencePort, leadership: Leadership) {
    this.#inner = inner;
    this.#leadership = leadership;
  }

  /** It orders more than once, and knows no epoch: it ends with the lease. */
  async powerOff(): Promise<Outcome> {
    return barred(this.#leadership, orderMs) ?? this.#inner.powerOff(this.#leadership.leftMs());
  }

  close(): void {
    this.#inner.close();
  }
}
