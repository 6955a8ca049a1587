import type { Clock } from './ports/clock.ts';
import type { FencePort } from './ports/fence.ts';
import type { HostPort } from './ports/host.ts';
import type { Endpoint, RedisNodePort } from './ports/redis-node.ts';

/** The two ends by which a node is reached. A node without a way to its machine has no host. */
export interface GroupNode {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly redis: RedisNodePort;
  readonly host?: HostPort;
  readonly fence?: FencePort;
}

/** Everything that an action may touch. */
export interface Reach {
  readonly nodes: ReadonlyMap<string, GroupNode>;
  readonly clock: Clock;
  /** No Redis command takes longer than this (ms) before its outcome counts as unknown. */
  readonly commandTimeoutMs: number;
}
