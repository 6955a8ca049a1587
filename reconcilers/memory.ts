import type { LastSeen } from '../crd/status.ts';
import type { NodeObservation, Observation, PrimaryView } from './observation.ts';
import { addressOf } from './observation.ts';
import type { History } from './replication-history.ts';
import type { RestartBurst } from './restart-burst.ts';
import { burstAfter } from './restart-burst.ts';

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
  /** What the new primary held when it was promoted: restarted since, it names another history. */
  readonly promotedWith?: History;
  readonly unitsStoppedAt?: number;
  readonly unitsStartedAt?: number;
  readonly writeGapMs?: number;
  /** Why it cannot be finished, as an action refused it. */
  readonly refusal?: { readonly reason: string; readonly message: string };
  /** Fences that were tried and did not end as done. */
  readonly failedFences?: number;
  /** Why units cannot be started beside the new primary. */
  readonly unitsRefusal?: { readonly reason: string; readonly message: string };
  /** Actions of unknown outcome so far. */
  readonly unknowns: number;
  /** What the last of them said. */
  readonly doubt?: string;
}

/** A setting that we applied; `shown` is what Redis showed at the first look after that. */
export interface AcceptedSetting {
  readonly wanted: string;
  readonly shown?: string;
}

interface RefusedConfig {
  readonly settings: Readonly<Record<string, string>>;
  readonly count: number;
  readonly at: number;
  readonly message: string;
}

/** Diverged data of a node, set aside before it was overwritten. */
interface KeptCopy {
  readonly path: string;
  readonly bytes: number;
  readonly replicationId: string;
  readonly offset: number;
}

interface Pace {
  readonly replicationId: string;
  readonly offset: number;
  readonly at: number;
  /** The fastest of the last minute, and when that was measured (ms); absent before two looks at one history. */
  readonly bytesPerSecond?: number;
  readonly measuredAt?: number;
}

/** By node: the last time (ms) that it may have acknowledged what this one writes; over once it surely does not. */
export type Attendance = Readonly<Record<string, { readonly until: number; readonly isOver: boolean }>>;

export interface NodeMemory {
  /** Since when its Redis has not answered (ms). */
  readonly redisDownSince?: number;
  /** When the last look was made that its Redis left without any answer (ms); it has not heard a primary since. */
  readonly redisSilentAt?: number;
  /** When a look that its Redis answered began (ms). */
  readonly redisHeardAt?: number;
  readonly hostSilentSince?: number;
  /** Whether its host answered the last look. */
  readonly hostAnswers?: boolean;
  /** How long (s) the lease lasts that a look was the last to tell its watch of. */
  readonly leaseTold?: number;
  /** Since when every other node has answered and none was its replica: nothing acknowledges to it (ms). */
  readonly aloneSince?: number;
  readonly attended?: Attendance;
  /** How fast its replication stream grows, and from where that is measured. */
  readonly pace?: Pace;
  /** The primary that it was last seen to hear as a replica, and when it last did (ms). */
  readonly heard?: { readonly of: string; readonly at: number };
  /** Since when it has been a healthy replica in sync. */
  readonly inSyncSince?: number;
  /** What it was when last seen as a primary. */
  readonly lastSeen?: LastSeen;
  /** What it was in the history before that, when it came back with another one. */
  readonly seenBefore?: LastSeen;
  /** Settings that we applied: Redis may show one otherwise than asked, though it took it. */
  readonly acceptedConfig?: Readonly<Record<string, AcceptedSetting>>;
  /** Settings that its server did not take together, and what it said of the first that was wrong. */
  readonly refusedConfig?: RefusedConfig;
  /** Restarts of its units by their own supervisor. */
  readonly bursts?: Readonly<Record<string, RestartBurst>>;
  /** Starts of units by us that did not last. */
  readonly unitStarts?: { readonly count: number; readonly at: number; readonly refusal?: string };
  /** Where its diverged data was copied, and for which data (replication id) that was. */
  readonly preserved?: KeptCopy;
  /** The primary for which this former primary was wholly demoted: clients sent away, role persisted. */
  readonly demotedFor?: string;
  /** Its config file was written after all that this process has set there. */
  readonly saved?: boolean;
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

/** What a look says about nodes as seen from the others. */
export interface Standing {
  /** Nodes found in sync with the primary. */
  readonly inSync: readonly string[];
  /** Nodes that no other node replicates from, all others having answered. */
  readonly alone: readonly string[];
  readonly attended: Readonly<Record<string, Attendance>>;
  /** How long (s) the leases last that this look renewed: those of the hosts that answered the one before. */
  readonly leaseSeconds: number;
}

/** Takes one look into account. */
export function remember(memory: Memory, observation: Observation, standing: Standing, now: number): Memory {
  const nodes: Record<string, NodeMemory> = {};
  for (const node of observation.nodes) {
    const { inSyncSince, aloneSince, ...before } = nodeMemory(memory, node.name);
    const attended = standing.attended[node.name];
    const isTold = before.hostAnswers === true && node.host.state === 'answers';
    nodes[node.name] = {
      ...rememberNode(before, node, { now, begunAt: observation.begunAt ?? now }),
      ...(standing.inSync.includes(node.name) ? { inSyncSince: inSyncSince ?? now } : {}),
      ...(standing.alone.includes(node.name) ? { aloneSince: aloneSince ?? now } : {}),
      ...(attended === undefined ? {} : { attended }),
      ...(isTold ? { leaseTold: standing.leaseSeconds } : {}),
    };
  }
  const poweredOff = memory.poweredOff.filter((name) =>
    observation.nodes.some(
      (node) => node.name === name && node.host.state !== 'answers' && node.redis.state !== 'answers',
    ),
  );
  return { ...memory, nodes, poweredOff };
}

function rememberNode(
  before: NodeMemory,
  node: NodeObservation,
  { now, begunAt }: { now: number; begunAt: number },
): NodeMemory {
  const { redisDownSince, hostSilentSince, demotedFor, redisSilentAt, ...kept } = before;
  const answers = node.redis.state === 'answers';
  const accepted =
    node.redis.state === 'answers' ? settle(before.acceptedConfig, node.redis.config) : before.acceptedConfig;
  const hostAnswers = node.host.state === 'answers' || node.host.state === 'none';
  return {
    ...kept,
    // One that leads again, whoever made it do so, is not demoted any more.
    ...(demotedFor === undefined || leadsNow(node) ? {} : { demotedFor }),
    ...(accepted === undefined ? {} : { acceptedConfig: accepted }),
    ...(answers
      ? { redisHeardAt: begunAt }
      : { redisDownSince: redisDownSince ?? downSince(before, node, begunAt) }),
    ...silentNow(redisSilentAt, node, begunAt),
    // A lease is counted from here: not from before the renewal that the look itself sent.
    ...(hostAnswers ? {} : { hostSilentSince: hostSilentSince ?? now }),
    hostAnswers: node.host.state === 'answers',
    ...burstsNow(before, node, now),
    ...seenNow(before, node, now),
    ...heardNow(node, begunAt),
  };
}

function silentNow(
  before: number | undefined,
  { redis }: NodeObservation,
  begunAt: number,
): Pick<NodeMemory, 'redisSilentAt'> {
  if (redis.state === 'silent') return { redisSilentAt: begunAt };
  const hears = redis.state === 'answers' && (redis.role === 'primary' || redis.link !== 'down');
  return before === undefined || hears ? {} : { redisSilentAt: before };
}

const leadsNow = ({ redis }: NodeObservation): boolean =>
  redis.state === 'answers' && redis.role === 'primary';

/** Between two looks of an idle loop lies a second, and what a silent Redis holds it up for. */
const longestUnseenMs = 1_500;

/** Silence began when it was last heard; what was not looked at for longer is not held against it. */
function downSince({ redisHeardAt }: NodeMemory, { redis }: NodeObservation, begunAt: number): number {
  if (redis.state !== 'silent' || redisHeardAt === undefined) return begunAt;
  return Math.max(redisHeardAt, begunAt - longestUnseenMs);
}

function burstsNow(before: NodeMemory, { host }: NodeObservation, now: number): Pick<NodeMemory, 'bursts'> {
  if (host.state !== 'answers') return {};
  const bursts = host.units.map((unit) => [unit.name, burstAfter(before.bursts?.[unit.name], unit, now)]);
  return { bursts: Object.fromEntries(bursts) };
}

function seenNow(
  before: NodeMemory,
  node: NodeObservation,
  now: number,
): Pick<NodeMemory, 'lastSeen' | 'seenBefore' | 'pace'> {
  if (node.redis.state !== 'answers' || node.redis.role !== 'primary') return {};
  const pace = measured(before.pace, node.redis, now);
  const lastSeen = seen(node.redis, pace, now);
  const renewed = before.lastSeen !== undefined && before.lastSeen.replicationId !== lastSeen.replicationId;
  return renewed ? { lastSeen, seenBefore: before.lastSeen, pace } : { lastSeen, pace };
}

function heardNow({ redis }: NodeObservation, begunAt: number): Pick<NodeMemory, 'heard'> {
  if (redis.state !== 'answers' || redis.role !== 'replica' || redis.link === 'down') return {};
  if (redis.lastIoSeconds === undefined) return {};
  return { heard: { of: addressOf(redis), at: begunAt - redis.lastIoSeconds * 1000 } };
}

/** A measure counts for so long (ms): clients pause, and servers hang, just before the worst. */
const paceCountsMs = 60_000;

/** The greatest speed (bytes/s) that any node was seen to write at, in the last minute or ever; nothing when none was. */
export function fastestPace(memory: Memory, since: 'lately' | 'ever', now: number): number | undefined {
  const speeds = Object.values(memory.nodes).flatMap(({ pace }) => {
    const isLate = pace?.measuredAt !== undefined && now - pace.measuredAt <= paceCountsMs;
    return since === 'ever' || isLate ? (pace?.bytesPerSecond ?? []) : [];
  });
  return speeds.length === 0 ? undefined : Math.max(...speeds);
}

/** Two looks that are closer together than this tell no speed (ms). */
export const shortestMeasureMs = 500;

function measured(before: Pace | undefined, { replicationId, offset }: PrimaryView, now: number): Pace {
  if (before?.replicationId !== replicationId) return { replicationId, offset, at: now };
  const elapsedMs = now - before.at;
  if (elapsedMs < shortestMeasureMs) return before;
  const grown = Math.max(0, offset - before.offset);
  const measured = { bytesPerSecond: Math.round((grown * 1000) / elapsedMs), measuredAt: now };
  const { bytesPerSecond = 0, measuredAt = Number.NEGATIVE_INFINITY } = before;
  const stands = bytesPerSecond > measured.bytesPerSecond && now - measuredAt <= paceCountsMs;
  return { replicationId, offset, at: now, ...(stands ? { bytesPerSecond, measuredAt } : measured) };
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

/** redis.conf, min-replicas-to-write: with 1 or more, a primary that no replica acknowledges to refuses writes. */
export function refusesAlone(view: PrimaryView): boolean {
  return Number(view.config['min-replicas-to-write'] ?? 0) >= 1;
}

/** A setting that lets it take writes alone was sent: what the last look showed counts no more, until the next. */
export function maybeOpened(memory: Memory, node: string): Memory {
  const { lastSeen } = nodeMemory(memory, node);
  if (lastSeen === undefined) return memory;
  return withNodeMemory(memory, node, { lastSeen: { ...lastSeen, refusesAlone: false } });
}

function seen(view: PrimaryView, pace: Pace, now: number): LastSeen {
  return {
    replicationId: view.replicationId,
    offset: view.offset,
    ...(view.aofBytes === undefined ? {} : { aofBytes: view.aofBytes }),
    ...(pace.bytesPerSecond === undefined ? {} : { bytesPerSecond: pace.bytesPerSecond }),
    refusesAlone: refusesAlone(view),
    time: isoTime(now),
  };
}

/** RFC 3339 of a time in ms. A pure function of its argument: no clock is read. */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
