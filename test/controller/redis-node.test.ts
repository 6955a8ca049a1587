import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Endpoint } from '../../controller/ports/redis-node.ts';
import type { RedisNodeOptions } from '../../controller/redis/options.ts';
import { RedisNode } from '../../controller/redis/redis-node.ts';
import { Secret } from '../../controller/secret.ts';
import { startBareRedis } from '../redis/bare-redis.ts';
import { HoldingProxy } from '../redis/holding-proxy.ts';
import { startPair } from '../redis/redis-pair.ts';
import { RedisServer } from '../redis/redis-server.ts';
import { until } from '../redis/until.ts';

async function started(context: TestContext): Promise<RedisServer> {
  const server = await RedisServer.start();
  context.after(() => server.stop());
  return server;
}

function node(
  context: TestContext,
  at: Endpoint & { readonly password?: string },
  more: Partial<RedisNodeOptions> = {},
): RedisNode {
  const made = new RedisNode({
    host: at.host,
    port: at.port,
    ...(at.password !== undefined && { password: new Secret(at.password) }),
    managedSettings: ['maxmemory'],
    connectionName: 'understudy:test',
    ...more,
  });
  context.after(() => made.close());
  return made;
}

async function maxmemory(server: RedisServer): Promise<unknown> {
  const admin = await server.admin();
  return ((await admin.config('GET', 'maxmemory')) as string[])[1];
}

test('bytes that the network delivers after a timeout are not carried out after a later call', async (t) => {
  const server = await started(t);
  const proxy = await HoldingProxy.start(server);
  t.after(() => proxy.stop());
  const one = node(t, { ...server.address, ...proxy.endpoint });
  assert.equal((await one.claim(1)).kind, 'done');
  proxy.hold();
  assert.equal((await one.setConfig({ maxmemory: '111' })).kind, 'unknown');
  assert.deepEqual(await one.setConfig({ maxmemory: '222' }), { kind: 'done' });
  assert.equal(await proxy.release(), 'closed');
  assert.equal(await maxmemory(server), '222');
});

test('bytes of a deposed controller that arrive after the next claim are not carried out', async (t) => {
  const server = await started(t);
  const proxy = await HoldingProxy.start(server);
  t.after(() => proxy.stop());
  const deposed = node(t, { ...server.address, ...proxy.endpoint }, { commandTimeoutMs: 60_000 });
  assert.equal((await deposed.claim(1)).kind, 'done');
  proxy.hold();
  const late = deposed.setConfig({ maxmemory: '111' });
  const next = node(t, server.address);
  assert.equal((await next.claim(2)).kind, 'done');
  assert.equal(await proxy.release(), 'closed');
  assert.equal((await late).kind, 'unknown');
  assert.equal(await maxmemory(server), '0');
});

test('a claim leaves the connections of other groups and of other programs alone', async (t) => {
  const server = await started(t);
  const admin = await server.admin();
  const other = node(t, server.address, { connectionName: 'understudy:test:inner' });
  assert.equal((await other.claim(1)).kind, 'done');
  assert.equal((await node(t, server.address).claim(2)).kind, 'done');
  assert.equal((await other.resumeWrites()).kind, 'done');
  const names = String(await admin.client('LIST'));
  assert.match(names, /name=understudy:test:inner:1 /);
  assert.match(names, /name=understudy:test:2 /);
});

test('a Sentinel that watches is seen', async (t) => {
  const server = await started(t);
  const sentinel = await server.admin();
  await sentinel.subscribe('__sentinel__:hello');
  const view = await node(t, server.address).observe();
  assert.ok(view.state === 'answers' && view.otherAgent);
});

test('a disk that takes no snapshot is failing', async (t) => {
  const server = await started(t);
  const one = node(t, server.address);
  assert.equal((await one.claim(1)).kind, 'done');
  await rm(server.directory, { recursive: true });
  const reply = await one.snapshot(5_000);
  assert.ok(reply.kind === 'refused' && reply.reason === 'SnapshotFailed');
  const view = await one.observe();
  assert.ok(view.state === 'answers' && view.diskFailing);
});

test('a snapshot that a save in progress has begun too early for is made anew', async (t) => {
  const server = await started(t);
  const admin = await server.admin();
  await admin.config('SET', 'rdb-key-save-delay', '20000');
  for (let key = 0; key < 10; key += 1) await admin.set(`key:${key}`, 'x');
  const saves = async () => Number(/rdb_saves:(\d+)/.exec(await admin.info('persistence'))?.[1]);
  const one = node(t, server.address);
  assert.equal((await one.claim(1)).kind, 'done');
  const before = await saves();
  await admin.bgsave();
  assert.equal((await one.snapshot(10_000)).kind, 'done');
  assert.equal(await saves(), before + 2);
});

test('a snapshot that does not end in time is unknown', async (t) => {
  const server = await started(t);
  const admin = await server.admin();
  await admin.config('SET', 'rdb-key-save-delay', '20000');
  for (let key = 0; key < 50; key += 1) await admin.set(`key:${key}`, 'x');
  const one = node(t, server.address);
  assert.equal((await one.claim(1)).kind, 'done');
  assert.equal((await one.snapshot(50)).kind, 'unknown');
});

test('a replica that serves no stale data is still seen when its primary is gone', async (t) => {
  const pair = await startPair({ settings: { 'replica-serve-stale-data': 'no' } });
  t.after(() => pair.stop());
  await pair.primary.kill();
  const replica = node(t, pair.replica.address);
  const down = await until('the link to be down', async () => {
    const view = await replica.observe();
    assert.equal(view.state, 'answers');
    return view.state === 'answers' && view.role === 'replica' && view.link === 'down';
  });
  assert.ok(down);
});

test('a user that may not do something is unauthorised, and told what it lacks', async (t) => {
  const server = await started(t);
  const admin = await server.admin();
  await admin.acl('SETUSER', 'watcher', 'on', '>pass-of-watcher', '+@all', '-config|get');
  const credentials = { ...server.address, password: 'pass-of-watcher' };
  const view = await node(t, credentials, { username: 'watcher' }).observe();
  assert.ok(view.state === 'unauthorised');
  assert.match(view.detail, /config\|get/);
});

test('a password that the server does not ask for is unauthorised; none where one is asked for, too', async (t) => {
  const bare = await startBareRedis();
  t.after(() => bare.stop());
  const needless = await node(t, { ...bare.endpoint, password: 'needless-one' }).observe();
  assert.deepEqual(needless, {
    state: 'unauthorised',
    detail: 'it asks for no password although one is configured',
  });
  const { host, port } = await started(t);
  const nameless = await node(t, { host, port }).observe();
  assert.deepEqual(nameless, {
    state: 'unauthorised',
    detail: 'it asks for a password and none is configured',
  });
});

test('a server that repeats the password in its error does not bring it into the view', async (t) => {
  const bare = await startBareRedis(['rename-command AUTH ""']);
  t.after(() => bare.stop());
  const view = await node(t, { ...bare.endpoint, password: 'much-too-secret' }).observe();
  assert.ok(view.state === 'unusable');
  assert.match(view.detail, /unknown command 'auth', with args beginning with: '\[redacted\]'/i);
});

test('what does not speak the Redis protocol, or closes at once, cannot be used', async (t) => {
  const answers = ['HTTP/1.1 400 Bad Request\r\n\r\n', undefined];
  for (const answer of answers) {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => (answer === undefined ? socket.destroy() : socket.write(answer)));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    t.after(() => server.close());
    const address = server.address();
    assert.ok(address !== null && typeof address !== 'string');
    const view = await node(t, { host: '127.0.0.1', port: address.port }).observe();
    assert.ok(view.state === 'unusable');
    assert.match(view.detail, answer === undefined ? /closes them at once/ : /protocol/);
  }
});
