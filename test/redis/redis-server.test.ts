import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { test } from 'node:test';
import { connectAdmin } from './admin-connection.ts';
import { info } from './info.ts';
import { startPair, untilLinked } from './redis-pair.ts';
import { RedisServer } from './redis-server.ts';

test('a server asks for its password, which stands only in a private config file', async (t) => {
  const server = await RedisServer.start();
  t.after(() => server.stop());
  const commandLine = await readFile(`/proc/${server.pid}/cmdline`, 'utf8');
  assert.ok(!commandLine.includes(server.password));
  assert.equal((await stat(server.configFile)).mode & 0o777, 0o600);
  const admin = await server.admin();
  assert.equal(((await admin.config('GET', 'requirepass')) as string[])[1], server.password);
  await assert.rejects(connectAdmin({ host: server.host, port: server.port }, { timeoutMs: 0 }), /no Redis/);
});

test('a killed server comes back on its port with what CONFIG REWRITE saved', async (t) => {
  const server = await RedisServer.start();
  t.after(() => server.stop());
  const before = await server.admin();
  await before.config('SET', 'maxmemory', '123456789');
  await before.config('REWRITE');
  const { pid } = server;
  await server.kill();
  assert.equal(server.pid, undefined);
  await server.restart();
  assert.notEqual(server.pid, pid);
  const after = await server.admin();
  assert.equal(((await after.config('GET', 'maxmemory')) as string[])[1], '123456789');
});

test('without snapshots a killed server forgets; with an append-only file it remembers', async (t) => {
  for (const [appendonly, expected] of [
    [false, null],
    [true, '1'],
  ] as const) {
    const server = await RedisServer.start({ appendonly, settings: { appendfsync: 'always' } });
    t.after(() => server.stop());
    const before = await server.admin();
    await before.set('key', '1');
    await server.kill();
    await server.restart();
    const after = await server.admin();
    assert.equal(await after.get('key'), expected);
  }
});

test('a pair is in sync when it is handed out and links again after a restart', async (t) => {
  const pair = await startPair();
  t.after(() => pair.stop());
  const admin = await pair.primary.admin();
  await admin.set('key', '1');
  assert.equal(await admin.wait(1, 5_000), 1);
  assert.equal((await info(admin, 'replication')).connected_slaves, '1');
  await pair.replica.restart();
  await untilLinked(pair.replica);
});

test('a server that cannot start says why', async () => {
  await assert.rejects(RedisServer.start({ settings: { maxmemory: 'nonsense' } }), /nonsense|exited/);
});
