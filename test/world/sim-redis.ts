/** One simulated Redis server: what it holds, whom it follows, what it would come back with. */
export interface SimData {
  replicationId: string;
  previousId: string | undefined;
  previousEnd: number | undefined;
  offset: number;
  /** Every write it holds, in order; an acknowledged write is one that a client was told of. */
  log: readonly number[];
}

export interface SimRedis {
  readonly name: string;
  process: 'running' | 'crashed' | 'stopped' | 'hung';
  role: 'primary' | 'replica';
  of: string | undefined;
  data: SimData;
  link: 'up' | 'down' | 'syncing';
  syncDoneAt: number;
  heardAt: number;
  linkLostAt: number;
  pausedUntil: number;
  /** Set: the replica takes nothing from its primary for now. */
  lagging: boolean;
  /** What CONFIG REWRITE last wrote. */
  savedRole: { role: 'primary' | 'replica'; of: string | undefined };
  snapshot: SimData;
  config: Record<string, string>;
  savedConfig: Record<string, string>;
  /** When each of its replicas last acknowledged to it. */
  readonly acknowledgedAt: Map<string, number>;
  endedAt: number;
  incarnation: number;
  /** Highest epoch announced by a connection of the controller. */
  claimed: number;
}

export const bytesPerWrite = 10;

export function freshData(id: string): SimData {
  return { replicationId: id, previousId: undefined, previousEnd: undefined, offset: 0, log: [] };
}

const defaults = {
  'repl-ping-replica-period': '10',
  'min-replicas-to-write': '0',
  'min-replicas-max-lag': '10',
};

/** redis.conf, min-replicas-to-write: a replica counts while its last word is no older than min-replicas-max-lag. */
export function takesWrites(redis: SimRedis, now: number): boolean {
  if (redis.process !== 'running' || redis.role !== 'primary' || redis.pausedUntil > now) return false;
  if (Number(redis.config['min-replicas-to-write']) === 0) return true;
  const patienceMs = (Number(redis.config['min-replicas-max-lag']) + 1) * 1000;
  return [...redis.acknowledgedAt.values()].some((at) => now - at < patienceMs);
}

export function freshRedis(name: string): SimRedis {
  return {
    name,
    process: 'running',
    role: 'primary',
    of: undefined,
    data: freshData(`${name}-0`),
    link: 'down',
    syncDoneAt: 0,
    heardAt: 0,
    linkLostAt: 0,
    pausedUntil: 0,
    lagging: false,
    savedRole: { role: 'primary', of: undefined },
    snapshot: freshData(`${name}-0`),
    config: { ...defaults },
    savedConfig: { ...defaults },
    acknowledgedAt: new Map(),
    endedAt: 0,
    incarnation: 0,
    claimed: 0,
  };
}

/** REPLICAOF NO ONE: a new history that continues the old one up to here. */
export function becomePrimary(redis: SimRedis, newId: string): void {
  if (redis.role === 'primary') return;
  const { data } = redis;
  redis.role = 'primary';
  redis.of = undefined;
  redis.link = 'down';
  redis.acknowledgedAt.clear();
  redis.data = {
    ...data,
    replicationId: newId,
    previousId: data.replicationId,
    previousEnd: data.offset + 1,
  };
}

/** REPLICAOF host port: the data stays until the first sync. */
export function becomeReplica(redis: SimRedis, of: string, now: number): void {
  if (redis.role === 'replica' && redis.of === of) return;
  redis.role = 'replica';
  redis.of = of;
  redis.link = 'down';
  redis.linkLostAt = now;
  redis.acknowledgedAt.clear();
}

/** PSYNC: whether `replica` can go on from `primary` without a full copy (redis: masterTryPartialResynchronization). */
export function canContinue(replica: SimData, primary: SimData): boolean {
  if (replica.replicationId === primary.replicationId) return replica.offset <= primary.offset;
  return (
    replica.replicationId === primary.previousId &&
    primary.previousEnd !== undefined &&
    replica.offset + 1 <= primary.previousEnd
  );
}

/** The process ends; memory is lost. A clean stop saves first, as Redis does on SHUTDOWN with save points. */
export function endProcess(redis: SimRedis, how: 'crashed' | 'stopped', now: number): void {
  if (redis.process === 'crashed' || redis.process === 'stopped') return;
  if (how === 'stopped') redis.snapshot = redis.data;
  redis.process = how;
  redis.endedAt = now;
  redis.pausedUntil = 0;
  redis.claimed = 0;
  redis.acknowledgedAt.clear();
}

/** The process starts with its saved role and last snapshot. A primary always gets a new replication id. */
export function startProcess(redis: SimRedis, now: number): void {
  if (redis.process === 'running' || redis.process === 'hung') return;
  redis.incarnation += 1;
  redis.process = 'running';
  redis.role = redis.savedRole.role;
  redis.of = redis.savedRole.of;
  redis.link = 'down';
  redis.linkLostAt = now;
  redis.heardAt = 0;
  redis.config = { ...redis.savedConfig };
  const kept = redis.snapshot;
  const continued = { previousId: kept.replicationId, previousEnd: kept.offset + 1 };
  redis.data =
    redis.role === 'replica'
      ? { ...kept }
      : { ...kept, ...continued, replicationId: `${redis.name}-run${redis.incarnation}` };
}
