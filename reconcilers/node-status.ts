import type { NodeStatus } from '../crd/status.ts';
import { isCrashLooping } from './crash-loop.ts';
import { hears, holdsLostData } from './evidence.ts';
import { nodeMemory } from './memory.ts';
import type { NodeObservation, PrimaryView, ReplicaView } from './observation.ts';
import type { Situation } from './situation.ts';
import { answering, asPrimary, asReplica, follows, nodeNames, observed } from './situation.ts';

/** The replica's data is the primary's, and it hears it. */
export function isInSync(situation: Situation, name: string, primary: string): boolean {
  const replica = asReplica(situation, name);
  const leading = asPrimary(situation, primary);
  if (replica === undefined || leading === undefined || !follows(situation, replica, primary)) return false;
  if (replica.link !== 'up' || replica.replicationId !== leading.replicationId) return false;
  if (!hears(situation, replica)) return false;
  return lagBytes(replica, leading) <= situation.spec.failover.maxLagBytes;
}

function lagBytes(replica: ReplicaView, primary: PrimaryView): number {
  return Math.max(0, primary.offset - replica.offset);
}

/** What status tells of each node. `inSync` is judged only against a primary that is alive and is still itself. */
export function nodeStatuses(situation: Situation, primary: string | undefined): NodeStatus[] {
  return nodeNames(situation).map((name) => {
    const node = observed(situation, name);
    const before = situation.status.nodes?.find((known) => known.name === name);
    const inSync =
      primary === undefined || name === primary
        ? undefined
        : syncVerdict(situation, name, primary, before?.inSync);
    return {
      ...picture(situation, node),
      ...leaseOf(situation, node, before),
      ...(inSync === undefined ? {} : { inSync }),
      ...lagOf(situation, name, primary, before),
    };
  });
}

function syncVerdict(
  situation: Situation,
  name: string,
  primary: string,
  before: boolean | undefined,
): boolean | undefined {
  const leading = asPrimary(situation, primary);
  if (leading === undefined) return before;
  if (isInSync(situation, name, primary)) return true;
  const replica = answering(situation, name);
  // The primary lost what this replica still holds: that it was in sync is what saves the data.
  if (before === true && replica !== undefined && holdsLostData(situation, replica, leading)) return true;
  return before === undefined ? undefined : false;
}

/** With the primary gone, what was last seen stays: it tells whether the replica may take over. */
function lagOf(
  situation: Situation,
  name: string,
  primary: string | undefined,
  before: NodeStatus | undefined,
): Partial<NodeStatus> {
  const leading = primary === undefined ? undefined : asPrimary(situation, primary);
  if (leading === undefined && name !== primary)
    return before?.lagBytes === undefined ? {} : { lagBytes: before.lagBytes };
  const replica = asReplica(situation, name);
  if (leading === undefined || replica === undefined || replica.replicationId !== leading.replicationId)
    return {};
  return { lagBytes: lagBytes(replica, leading) };
}

/** What its watch said last: while the host is silent, that is what its end is counted from. */
function leaseOf(
  { spec, memory }: Situation,
  { name, host }: NodeObservation,
  before: NodeStatus | undefined,
): Pick<NodeStatus, 'lease'> {
  if (host.state !== 'answers') return before?.lease === undefined ? {} : { lease: before.lease };
  if (host.lease === undefined) return {};
  const { leaseSeconds } = spec.failover;
  const { state } = host.lease;
  const last = state === 'absent' ? 0 : (before?.lease?.seconds ?? 0);
  // Until a look has told the node of a shorter lease, the longer one lasts there.
  const told =
    nodeMemory(memory, name).leaseTold === leaseSeconds ? leaseSeconds : Math.max(leaseSeconds, last);
  return { lease: { state, seconds: leaseSeconds > 0 ? told : last } };
}

function picture(situation: Situation, node: NodeObservation): NodeStatus {
  const { redis, host, name } = node;
  const units =
    host.state === 'answers' && host.units.length > 0
      ? {
          units: host.units.map((unit) => ({
            name: unit.name,
            state: isCrashLooping(situation, name, unit.name) ? 'crashLooping' : unit.state,
          })),
        }
      : {};
  if (redis.state !== 'answers')
    return { name, role: 'unknown', reachable: false, reason: redis.state, ...units };
  const link = redis.role === 'replica' ? { linkStatus: redis.link } : {};
  const io =
    redis.role === 'replica' && redis.lastIoSeconds !== undefined
      ? { lastIoSecondsAgo: redis.lastIoSeconds }
      : {};
  return {
    name,
    role: redis.role,
    reachable: true,
    ...link,
    ...io,
    usedMemoryBytes: redis.usedMemoryBytes,
    ...units,
  };
}
