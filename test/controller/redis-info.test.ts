import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInfo, positionOfInfo, viewOfInfo } from '../../controller/redis/info.ts';

const beside = { config: { maxmemory: '0' }, otherAgent: false, priority: 100 };
const replid = 'a'.repeat(40);
const common = {
  redis_mode: 'standalone',
  run_id: 'b'.repeat(40),
  loading: '0',
  master_replid: replid,
  master_replid2: '0'.repeat(40),
  second_repl_offset: '-1',
  master_repl_offset: '100',
  used_memory: '5000',
  rdb_last_bgsave_status: 'ok',
  aof_enabled: '0',
  aof_last_write_status: 'ok',
};
const primary = { ...common, role: 'master' };
const replica = {
  ...common,
  role: 'slave',
  master_host: 'fe80::1',
  master_port: '6379',
  master_link_status: 'up',
  master_last_io_seconds_ago: '1',
  master_sync_in_progress: '0',
  slave_repl_offset: '90',
};

const text = (fields: Record<string, string>) =>
  `# Server\r\n${Object.entries(fields)
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join('')}`;
const view = (fields: Record<string, string>) => viewOfInfo(parseInfo(text(fields)), beside);

test('the replicas of a primary are read with their state, IPv6 addresses included', () => {
  const seen = view({
    ...primary,
    slave0: 'ip=10.0.0.2,port=6380,state=online,offset=98,lag=1',
    slave1: 'ip=fe80::2,port=6381,state=wait_bgsave,offset=0,lag=0,type=replica',
    slave_expires_tracked_keys: '0',
  });
  assert.deepEqual(seen.state === 'answers' && seen.role === 'primary' && seen.replicas, [
    { host: '10.0.0.2', port: 6380, state: 'online', offset: 98, lagSeconds: 1 },
    { host: 'fe80::2', port: 6381, state: 'syncing', offset: 0, lagSeconds: 0 },
  ]);
});

test('there is no previous history when its id is all zeros and its end -1', () => {
  const seen = view(primary);
  assert.ok(!('previousReplicationId' in seen) && !('previousEndOffset' in seen));
  const promoted = view({ ...primary, master_replid2: 'c'.repeat(40), second_repl_offset: '77' });
  assert.ok(promoted.state === 'answers');
  assert.deepEqual([promoted.previousReplicationId, promoted.previousEndOffset], ['c'.repeat(40), 77]);
});

test('a replica stands where it has applied, not where it has read', () => {
  assert.deepEqual(positionOfInfo(parseInfo(text(replica))), {
    role: 'replica',
    replicationId: replid,
    offset: 90,
  });
});

test('a link is up, down since, never up, or syncing', () => {
  const link = (fields: Record<string, string>) => {
    const seen = view({ ...replica, ...fields });
    assert.ok(seen.state === 'answers' && seen.role === 'replica');
    return [seen.link, seen.lastIoSeconds, seen.linkDownSeconds];
  };
  const down = { master_link_status: 'down', master_last_io_seconds_ago: '-1' };
  assert.deepEqual(link({}), ['up', 1, undefined]);
  assert.deepEqual(link({ ...down, master_link_down_since_seconds: '7' }), ['down', undefined, 7]);
  assert.deepEqual(link({ ...down, master_link_down_since_seconds: '-1' }), ['down', undefined, undefined]);
  const copying = { ...down, master_sync_in_progress: '1', loading: '1' };
  assert.deepEqual(link(copying), ['syncing', undefined, undefined]);
});

test('a server that reads its own data set is loading', () => {
  assert.deepEqual(view({ ...replica, loading: '1' }), { state: 'loading' });
});

test('a failed save or a failed write to the append-only file is a failing disk', () => {
  for (const field of ['rdb_last_bgsave_status', 'aof_last_write_status']) {
    const seen = view({ ...primary, [field]: 'err' });
    assert.ok(seen.state === 'answers' && seen.diskFailing, field);
  }
  const sound = view(primary);
  assert.ok(sound.state === 'answers' && !sound.diskFailing);
});

test('keys are counted over all databases, and the append-only file only where one is kept', () => {
  const seen = view({ ...primary, db0: 'keys=3,expires=1,avg_ttl=0', db11: 'keys=4,expires=0,avg_ttl=0' });
  assert.ok(seen.state === 'answers');
  assert.deepEqual([seen.keys, seen.aofBytes], [7, undefined]);
  const kept = view({ ...primary, aof_enabled: '1', aof_current_size: '12' });
  assert.equal(kept.state === 'answers' && kept.aofBytes, 12);
});

test('what is no plain Redis cannot be used, and says why', () => {
  assert.deepEqual(view({ ...primary, redis_mode: 'cluster' }), {
    state: 'unusable',
    detail: 'it runs in cluster mode',
  });
  const { run_id: _, ...nameless } = primary;
  assert.equal(view(nameless).state, 'unusable');
  assert.equal(view({}).state, 'unusable');
});
