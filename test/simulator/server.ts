import type { Data } from './history.ts';
import { continued, emptyData } from './history.ts';

/** A controller's connection as the server knows it. It stays until the server ends it, however dead the other side is. */
export interface ServerConnection {
  readonly id: number;
  name: string;
  /** Tells the other side, when that is reached, that the connection is over. */
  readonly onEnd: () => void;
}

/** One simulated Redis server: what it holds, whom it follows, what it would come back with. */
export interface Server {
  readonly name: string;
  process: 'running' | 'crashed' | 'stopped' | 'hung';
  role: 'primary' | 'replica';
  of: string | undefined;
  data: Data;
  /** master_replid2 and second_repl_offset. */
  former: { readonly id: string; readonly end: number } | undefined;
  link: 'up' | 'down' | 'syncing';
  syncDoneAt: number;
  /** What is on its way from its primary. */
  coming: { readonly data: Data; readonly due: number } | undefined;
  heardAt: number;
  /** When the link was lost; undefined: never up since the server started or was told whom to follow (Redis says -1). */
  linkLostAt: number | undefined;
  pausedUntil: number;
  /** Takes nothing from its primary for now. */
  lagging: boolean;
  savedRole: { role: 'primary' | 'replica'; of: string | undefined };
  /** The data set on its disk. */
  snapshot: Data;
  config: Record<string, string>;
  savedConfig: Record<string, string>;
  /** When each of its replicas last acknowledged to it. */
  readonly acknowledgedAt: Map<string, number>;
  endedAt: number;
  /** Until then it goes by how many replicas it had when it was stopped short: its cron counts them once a second. */
  countsAgainAt: number;
  /** Since when it has run without a break. */
  runsSince: number;
  incarnation: number;
  readonly connections: Map<number, ServerConnection>;
  /** Up to when its clients' writes are counted in. */
  wroteAt: number;
  /** Who made it the primary that it is. */
  raisedBy: 'controller' | 'somebodyElse';
  raisedAt: number;
}

const defaults = {
  'repl-ping-replica-period': '10',
  'min-replicas-to-write': '0',
  'min-replicas-max-lag': '10',
};

export function freshServer(name: string, now: number): Server {
  return {
    name,
    process: 'running',
    role: 'primary',
    of: undefined,
    data: emptyData(`${name}-0`),
    former: undefined,
    link: 'down',
    syncDoneAt: 0,
    coming: undefined,
    heardAt: 0,
    linkLostAt: undefined,
    pausedUntil: 0,
    lagging: false,
    savedRole: { role: 'primary', of: undefined },
    snapshot: emptyData(`${name}-0`),
    config: { ...defaults },
    savedConfig: { ...defaults },
    acknowledgedAt: new Map(),
    endedAt: 0,
    countsAgainAt: 0,
    runsSince: now,
    incarnation: 0,
    connections: new Map(),
    wroteAt: now,
    raisedBy: 'somebodyElse',
    raisedAt: now,
  };
}

/** redis.conf, min-replicas-to-write: a replica counts while its last word is no older than min-replicas-max-lag. */
export function writesEndAt(server: Server): number {
  if (server.process !== 'running' || server.role !== 'primary') return 0;
  if (Number(server.config['min-replicas-to-write']) === 0) return Number.POSITIVE_INFINITY;
  const patienceMs = (Number(server.config['min-replicas-max-lag']) + 1) * 1000;
  let last = Number.NEGATIVE_INFINITY;
  for (const at of server.acknowledgedAt.values()) last = Math.max(last, at);
  return Math.max(last + patienceMs, server.countsAgainAt);
}

export function takesWrites(server: Server, now: number): boolean {
  return server.pausedUntil <= now && now < writesEndAt(server);
}

/** PSYNC: whether `replica` can go on from `source` without a full copy (redis: masterTryPartialResynchronization). */
export function canContinue(replica: Server, source: Server): boolean {
  const own = replica.data.segment.id;
  if (own === source.data.segment.id) return replica.data.offset <= source.data.offset;
  return source.former?.id === own && replica.data.offset + 1 <= source.former.end;
}

/** REPLICAOF NO ONE: a new history that continues the old one up to here. */
export function raise(server: Server, id: string): void {
  const { segment, offset } = server.data;
  server.role = 'primary';
  server.of = undefined;
  server.link = 'down';
  server.coming = undefined;
  server.acknowledgedAt.clear();
  server.former = { id: segment.id, end: offset + 1 };
  server.data = continued(server.data, id);
}

/** REPLICAOF host port: the data stays until the first sync. */
export function demote(server: Server, of: string): void {
  if (server.role === 'replica' && server.of === of) return;
  server.role = 'replica';
  server.of = of;
  server.link = 'down';
  server.coming = undefined;
  server.linkLostAt = undefined;
  server.acknowledgedAt.clear();
}

/** The process ends; memory is lost. A clean stop saves first, as Redis does on SHUTDOWN with save points. */
export function endProcess(server: Server, how: 'crashed' | 'stopped', now: number): void {
  if (server.process === 'crashed' || server.process === 'stopped') return;
  if (how === 'stopped') server.snapshot = server.data;
  server.process = how;
  server.endedAt = now;
  server.pausedUntil = 0;
  server.countsAgainAt = 0;
  server.acknowledgedAt.clear();
  server.coming = undefined;
  const connections = [...server.connections.values()];
  server.connections.clear();
  for (const connection of connections) connection.onEnd();
}

/** The process starts with its saved role and last snapshot. A primary always gets a new replication id. */
export function startProcess(server: Server, now: number): void {
  if (server.process === 'running' || server.process === 'hung') return;
  server.incarnation += 1;
  server.runsSince = now;
  server.process = 'running';
  server.role = server.savedRole.role;
  server.of = server.savedRole.of;
  server.link = 'down';
  server.linkLostAt = undefined;
  server.heardAt = 0;
  server.wroteAt = now;
  server.config = { ...server.savedConfig };
  server.raisedBy = 'somebodyElse';
  server.raisedAt = now;
  const kept = server.snapshot;
  server.former = undefined;
  server.data = kept;
  if (server.role === 'replica') return;
  server.former = { id: kept.segment.id, end: kept.offset + 1 };
  server.data = continued(kept, `${server.name}-run${server.incarnation}`);
}
