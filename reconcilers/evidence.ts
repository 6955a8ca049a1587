import { nodeMemory } from './memory.ts';
import type { PrimaryView, ReplicaView, UnitView } from './observation.ts';
import { holdsMoreThan } from './replication-history.ts';
import type { Situation } from './situation.ts';
import { answering, asPrimary, follows, observed, others, progressOf } from './situation.ts';

/** What the three witnesses say of one node that should be the primary. */
export interface Evidence {
  readonly port: 'primary' | 'replica' | 'refused' | 'silent' | 'loading' | 'unauthorised' | 'unusable';
  readonly host: 'crashed' | 'stoppedCleanly' | 'processThere' | 'silent' | 'none';
  /** The other nodes' replication links to it; unknown when no replica of it answers. */
  readonly links: 'up' | 'down' | 'unknown';
  /** A replica that was in sync holds data that the node, restarted, no longer has. */
  readonly stale: boolean;
  readonly diskFailing: boolean;
  /** How long (ms) its Redis has not answered. */
  readonly downMs: number;
}

export function evidenceOf(situation: Situation, name: string): Evidence {
  const since = nodeMemory(situation.memory, name).redisDownSince;
  return {
    port: portEvidence(situation, name),
    host: hostEvidence(situation, name),
    links: linksEvidence(situation, name),
    stale: isStale(situation, name),
    diskFailing: answering(situation, name)?.diskFailing ?? false,
    downMs: since === undefined ? 0 : situation.now - since,
  };
}

function portEvidence(situation: Situation, name: string): Evidence['port'] {
  const { redis } = observed(situation, name);
  return redis.state === 'answers' ? redis.role : redis.state;
}

function hostEvidence(situation: Situation, name: string): Evidence['host'] {
  const { host } = observed(situation, name);
  if (host.state === 'none') return 'none';
  if (host.state !== 'answers') return 'silent';
  // A host that does not know Redis's unit can say nothing about the process.
  return host.redisUnit === undefined || host.redisUnit.state === 'unknownUnit'
    ? 'none'
    : processEvidence(host.redisUnit);
}

/**
 * systemd: Result names why a service's last run ended; NRestarts counts the restarts it did by itself.
 * A service that is starting again after a bad result crashed, whatever its state says now.
 */
function processEvidence(unit: UnitView): Evidence['host'] {
  if (unit.state === 'failed') return 'crashed';
  if (unit.state === 'running') return 'processThere';
  if (unit.result !== 'success') return 'crashed';
  return unit.state === 'starting' && unit.restarts > 0 ? 'crashed' : 'stoppedCleanly';
}

/**
 * A replica's witness is how long ago it heard the primary: master_link_status stays up for repl-timeout
 * (60 s) after a silent power loss.
 */
export function hears(situation: Situation, replica: ReplicaView): boolean {
  if (replica.link === 'down') return false;
  return (replica.lastIoSeconds ?? 0) < Math.max(situation.spec.failover.unreachableAfterSeconds, 2);
}

function linksEvidence(situation: Situation, name: string): Evidence['links'] {
  const witnesses = others(situation, name).flatMap((other) => {
    const view = answering(situation, other);
    if (view?.role === 'replica') return follows(situation, view, name) ? [hears(situation, view)] : [];
    // Promoted by hand, it left the primary and hears it no more.
    return view !== undefined && branchedOff(situation, view, name) ? [false] : [];
  });
  if (witnesses.length === 0) return 'unknown';
  return witnesses.includes(true) ? 'up' : 'down';
}

/** It was a replica of the recorded primary `name` and is a primary now: its history continues the recorded one. */
export function branchedOff(situation: Situation, view: PrimaryView | ReplicaView, name: string): boolean {
  const own = situation.status.primaryReplicationId;
  return own !== undefined && situation.status.currentPrimary === name && view.previousReplicationId === own;
}

/**
 * The node came back with less than a replica of its former self still has; the moment that replica syncs, it
 * wipes the better copy. A restarted primary always has a new replication id, and continues the old one only as
 * far as its snapshot went (Redis 7 keeps id and offset in the RDB, not in the AOF).
 */
function isStale(situation: Situation, name: string): boolean {
  const primary = asPrimary(situation, name);
  const { currentPrimary, transition: open } = situation.status;
  if (primary === undefined || (currentPrimary !== name && open?.to !== name)) return false;
  if (currentPrimary !== name && goesOnAsPromoted(situation, primary)) return false;
  return others(situation, name).some((other) => {
    const view = answering(situation, other);
    if (view === undefined || (currentPrimary !== name && isLeftBehind(situation, view, primary)))
      return false;
    const own = view.role === 'replica' ? follows(situation, view, name) : branchedOff(situation, view, name);
    return own && holdsLostData(situation, view, primary);
  });
}

/** It continues what this very process promoted it with: it has not lost that since. */
function goesOnAsPromoted(situation: Situation, primary: PrimaryView): boolean {
  const held = progressOf(situation)?.promotedWith;
  const { previousReplicationId, previousEndOffset: end } = primary;
  return held !== undefined && held.replicationId === previousReplicationId && (end ?? 0) > held.offset;
}

/** In a failover a node may hold more of the old history than the one that was promoted from it: that is not lost by a restart. */
function isLeftBehind(situation: Situation, view: PrimaryView | ReplicaView, primary: PrimaryView): boolean {
  const { transition: open, primaryReplicationId: old } = situation.status;
  if (open?.kind !== 'Failover' || view.replicationId !== old) return false;
  if (primary.previousReplicationId === old) return true;
  // The old one came back just before, and the new one took up that life of it: what came before is in there.
  const returned = open.from === undefined ? undefined : answering(situation, open.from);
  if (returned === undefined || returned.replicationId !== primary.previousReplicationId) return false;
  const { previousReplicationId, previousEndOffset: end } = returned;
  return previousReplicationId === old && end !== undefined && view.offset < end;
}

/** It left the recorded history too early to take over, and what it took as a primary of its own was never lost by the other. */
function isLeftBehindBy(
  situation: Situation,
  { role, previousReplicationId: left, previousEndOffset: end }: PrimaryView | ReplicaView,
  { previousReplicationId, previousEndOffset: kept }: PrimaryView,
): boolean {
  if (left !== situation.status.primaryReplicationId || left !== previousReplicationId) return false;
  // Whoever was promoted by hand leads on if it is close enough behind; of a replica there is nothing to allow for.
  const allowed = role === 'primary' ? situation.spec.failover.maxLagBytes : 0;
  return end !== undefined && kept !== undefined && kept - end > allowed;
}

/** It holds data of the recorded primary's own history that the primary, as it answers now, does not hold. */
export function holdsLostData(
  situation: Situation,
  replica: PrimaryView | ReplicaView,
  primary: PrimaryView,
): boolean {
  const own = situation.status.primaryReplicationId;
  if (own === undefined || primary.replicationId === own) return false;
  if (replica.replicationId !== own && replica.previousReplicationId !== own) return false;
  return holdsMoreThan(replica, primary) && !isLeftBehindBy(situation, replica, primary);
}
