import type { LastSeen } from '../crd/status.ts';
import type { NodeObservation, Observation, PrimaryView } from './observation.ts';

/** How a started change of primary went so far; lost when the controller dies, and then done again. */
export interface Progress {
  readonly epoch: number;
  /** The old primary was demoted, released and its clients were sent away. */
  readonly handedOver: boolean;
  /** Nodes whose new role is in their config file. */
  readonly persisted: readonly string[];
  readonly decidedAt: number;
  readonly detectedAt?: number;
  readonly fencedAt?: number;
  readonly promotedAt?: number;
  readonly unitsStoppedAt?: number;
  readonly unitsStartedAt?: number;
  readonly writeGapMs?: number;
  /** Why it cannot be finished, as an action refused it. */
  readonly refusal?: { readonly reason: string; readonly message: string };
  /** Actions of unknown outcome so far. */
  readonly unknowns: number;
}

/** A setting that we applied; `shown` is what Redis showed at the first look after that. */
export interface AcceptedSetting {
  readonly wanted: string;
  readonly shown?: string;
}

export interface NodeMemory {
  /** Since when its Redis has not answered (ms). */
  readonly redisDownSince?: number;
  readonly hostSilentSince?: number;
  /** Since when it has been a healthy replica in sync. */
  readonly inSyncSince?: number;
  /** What it was when last seen as a primary. */
  readonly lastSeen?: LastSeen;
  /** What it was in the history before that, when it came back with another one. */
  readonly seenBefore?: LastSeen;
  /** Settings that we applied: Redis may show one otherwise than asked, though it took it. */
  readonly acceptedConfig?: Readonly<Record<string, AcceptedSetting>>;
  /** Starts of units by us that did not last. */
  readonly unitStarts?: { readonly count: number; readonly at: number; readonly refusal?: string };
  /** Where its diverged data was copied, and for which data (replication id) that was. */
  readonly preserved?: { readonly path: string; readonly replicationId: string; readonly offset: number };
  /** The primary for which this former primary was wholly demoted: clients sent away, role persisted. */
  readonly demotedFor?: string;
}

/** What the planner remembers between two passes of one controller process. Losing it is always safe. */
export interface Memory {
  readonly nodes: Readonly<Record<string, NodeMemory>>;
  readonly progress?: Progress;
  /** Nodes that an action proved to be switched off. */
  readonly poweredOff: readonly string[];
}

export const emptyMemory: Memory = { nodes: {}, poweredOff: [] };

export function nodeMemory(memory: Memory, name: string): NodeMemory {
  return memory.nodes[name] ?? {};
}

export function withNodeMemory(memory: Memory, name: string, change: Partial<NodeMemory>): Memory {
  return { ...memory, nodes: { ...memory.nodes, [name]: { ...nodeMemory(memory, name), ...change } } };
}

/** Takes one look into account. `inSync` names the nodes that this look found in sync with the primary. */
export function remember(
  memory: Memory,
  observation: Observation,
  inSync: readonly string[],
  now: number,
): Memory {
  const nodes: Record<string, NodeMemory> = {};
  for (const node of observation.nodes)
    nodes[node.name] = rememberNode(nodeMemory(memory, node.name), node, inSync.includes(node.name), now);
  const poweredOff = memory.poweredOff.filter((name) =>
    observation.nodes.some(
      (node) => node.name === name && node.host.state !== 'answers' && node.redis.state !== 'answers',
    ),
  );
  return { ...memory, nodes, poweredOff };
}

function rememberNode(before: NodeMemory, node: NodeObservation, inSync: boolean, now: number): NodeMemory {
  const { redisDownSince, hostSilentSince, inSyncSince, ...kept } = before;
  const answers = node.redis.state === 'answers';
  const accepted =
    node.redis.state === 'answers' ? settle(before.acceptedConfig, node.redis.config) : before.acceptedConfig;
  const hostAnswers = node.host.state === 'answers' || node.host.state === 'none';
  return {
    ...kept,
    ...(accepted === undefined ? {} : { acceptedConfig: accepted }),
    ...(answers ? {} : { redisDownSince: redisDownSince ?? now }),
    ...(hostAnswers ? {} : { hostSilentSince: hostSilentSince ?? now }),
    ...(inSync ? { inSyncSince: inSyncSince ?? now } : {}),
    ...seenNow(before, node, now),
  };
}

function seenNow(
  before: NodeMemory,
  node: NodeObservation,
  now: number,
): Pick<NodeMemory, 'lastSeen' | 'seenBefore'> {
  if (node.redis.state !== 'answers' || node.redis.role !== 'primary') return {};
  const lastSeen = seen(node.redis, now);
  const renewed = before.lastSeen !== undefined && before.lastSeen.replicationId !== lastSeen.replicationId;
  return renewed ? { lastSeen, seenBefore: before.lastSeen } : { lastSeen };
}

function settle(
  accepted: NodeMemory['acceptedConfig'],
  config: Readonly<Record<string, string>>,
): NodeMemory['acceptedConfig'] {
  if (accepted === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(accepted).map(([name, { wanted, shown }]) => {
      const settled = shown ?? config[name];
      return [name, settled === undefined ? { wanted } : { wanted, shown: settled }];
    }),
  );
}

function seen(view: PrimaryView, now: number): LastSeen {
  return {
    replicationId: view.replicationId,
    offset: view.offset,
    ...(view.aofBytes === undefined ? {} : { aofBytes: view.aofBytes }),
    time: isoTime(now),
  };
}

/** RFC 3339 of a time in ms. A pure function of its argument: no clock is read. */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
