import type { AttachedReplica, RedisView } from '../../reconcilers/observation.ts';

/** INFO's `field:value` lines; the names are Redis's own (https://redis.io/docs/latest/commands/info/). */
export type InfoFields = ReadonlyMap<string, string>;

/** What is read here and by those who wait for a snapshot; `slaveN` and `dbN` beside it. */
const wanted: ReadonlySet<string> = new Set([
  'redis_mode',
  'run_id',
  'role',
  'loading',
  'used_memory',
  'master_host',
  'master_port',
  'master_link_status',
  'master_link_down_since_seconds',
  'master_last_io_seconds_ago',
  'master_sync_in_progress',
  'master_replid',
  'master_replid2',
  'master_repl_offset',
  'second_repl_offset',
  'slave_repl_offset',
  'rdb_bgsave_in_progress',
  'rdb_last_bgsave_status',
  'aof_enabled',
  'aof_current_size',
  'aof_last_write_status',
  'aof_rewrite_in_progress',
]);
const wantedInitials: ReadonlySet<number> = new Set(
  [...wanted, 'slave0', 'db0'].map((name) => name.charCodeAt(0)),
);
const carriageReturn = 0x0d;
const numbered = /^(?:slave|db)\d+$/;

/** The fields that matter: of some two hundred lines that every look brings, most are passed over unread. */
export function parseInfo(text: string): InfoFields {
  const fields = new Map<string, string>();
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    const next = newline === -1 ? text.length : newline + 1;
    if (wantedInitials.has(text.charCodeAt(at))) {
      const end = newline > at && text.charCodeAt(newline - 1) === carriageReturn ? newline - 1 : next;
      const line = text.slice(at, end);
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(0, colon));
      if (wanted.has(name) || numbered.test(name)) fields.set(name, line.slice(colon + 1));
    }
    at = next;
  }
  return fields;
}

/** What INFO does not say. */
export interface BesideInfo {
  readonly config: Readonly<Record<string, string>>;
  readonly otherAgent: boolean;
  readonly priority: number;
  readonly replicationLogin?: 'right' | 'wrong';
  readonly password?: 'former' | 'accepted' | 'only';
}

/** Translates INFO's default sections; `unusable` when something that every supported version tells is missing. */
export function viewOfInfo(info: InfoFields, beside: BesideInfo): RedisView {
  const mode = info.get('redis_mode') ?? 'standalone';
  if (mode !== 'standalone') return { state: 'unusable', detail: `it runs in ${mode} mode` };
  // A replica that loads what its primary just sent answers INFO with everything; a starting server does not.
  const syncing = info.get('master_sync_in_progress') === '1';
  if (info.get('loading') === '1' && !syncing) return { state: 'loading' };
  const place = positionOfInfo(info);
  const runId = info.get('run_id');
  if (place === undefined || runId === undefined)
    return { state: 'unusable', detail: 'its INFO lacks the role, the run id or the replication offset' };
  const { role, ...position } = place;
  const data = { ...position, ...history(info), ...sizes(info), ...beside, runId };
  if (role === 'primary') return { state: 'answers', role, ...data, replicas: attachedReplicas(info) };
  const lastIoSeconds = natural(info, 'master_last_io_seconds_ago');
  const linkDownSeconds = natural(info, 'master_link_down_since_seconds');
  return {
    state: 'answers',
    role,
    ...data,
    of: { host: info.get('master_host') ?? '', port: natural(info, 'master_port') ?? 0 },
    link: syncing ? 'syncing' : info.get('master_link_status') === 'up' ? 'up' : 'down',
    ...(lastIoSeconds !== undefined && { lastIoSeconds }),
    ...(linkDownSeconds !== undefined && { linkDownSeconds }),
  };
}

interface Position {
  readonly role: 'primary' | 'replica';
  readonly replicationId: string;
  readonly offset: number;
}

/** A replica's own offset is what it has applied (`slave_repl_offset`). */
export function positionOfInfo(info: InfoFields): Position | undefined {
  const wireRole = info.get('role');
  const replicationId = info.get('master_replid');
  const ownOffset = wireRole === 'slave' ? natural(info, 'slave_repl_offset') : undefined;
  const offset = ownOffset ?? natural(info, 'master_repl_offset');
  if (replicationId === undefined || offset === undefined) return undefined;
  if (wireRole !== 'master' && wireRole !== 'slave') return undefined;
  return { role: wireRole === 'master' ? 'primary' : 'replica', replicationId, offset };
}

/** `master_replid2` is all zeros, and `second_repl_offset` -1, when there is no earlier history. */
function history(info: InfoFields): { previousReplicationId?: string; previousEndOffset?: number } {
  const previousReplicationId = info.get('master_replid2');
  const previousEndOffset = natural(info, 'second_repl_offset');
  return {
    ...(previousReplicationId && /[^0]/.test(previousReplicationId) && { previousReplicationId }),
    ...(previousEndOffset !== undefined && { previousEndOffset }),
  };
}

function sizes(info: InfoFields) {
  const aofBytes = info.get('aof_enabled') === '1' ? natural(info, 'aof_current_size') : undefined;
  return {
    keys: countKeys(info),
    usedMemoryBytes: natural(info, 'used_memory') ?? 0,
    ...(aofBytes !== undefined && { aofBytes }),
    // A write refused with MISCONF is refused because one of these is not ok.
    diskFailing: ['rdb_last_bgsave_status', 'aof_last_write_status'].some(
      (field) => (info.get(field) ?? 'ok') !== 'ok',
    ),
  };
}

/** `db0:keys=12,expires=0,…`, one line for each database that holds a key. */
function countKeys(info: InfoFields): number {
  let keys = 0;
  for (const [field, value] of info) {
    if (/^db\d+$/.test(field)) keys += Number(parts(value).get('keys') ?? 0);
  }
  return keys;
}

/** `slave0:ip=10.0.0.2,port=6379,state=online,offset=14,lag=1`; states before online: wait_bgsave, send_bulk. */
function attachedReplicas(info: InfoFields): AttachedReplica[] {
  return [...info]
    .filter(([field]) => /^slave\d+$/.test(field))
    .map(([, value]) => {
      const part = parts(value);
      return {
        host: part.get('ip') ?? '',
        port: Number(part.get('port') ?? 0),
        state: part.get('state') === 'online' ? 'online' : 'syncing',
        offset: Number(part.get('offset') ?? 0),
        lagSeconds: Number(part.get('lag') ?? 0),
      };
    });
}

function parts(value: string): ReadonlyMap<string, string> {
  return new Map(
    value.split(',').map((part) => {
      const equals = part.indexOf('=');
      return [part.slice(0, equals), part.slice(equals + 1)] as const;
    }),
  );
}

/** A whole number from 0; undefined when absent or negative (Redis says -1 for never). */
function natural(info: InfoFields, field: string): number | undefined {
  const value = Number(info.get(field) ?? Number.NaN);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
