import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GroupNode } from '../../controller/group-nodes.ts';
import { guarded } from '../../controller/guarded-nodes.ts';
import type { FencePort } from '../../controller/ports/fence.ts';
import type { HostPort } from '../../controller/ports/host.ts';
import type { RedisNodePort } from '../../controller/ports/redis-node.ts';
import type { FailoverGroup } from '../../crd/failover-group.ts';

/** A port of which every method notes its name and arguments, and says done. */
function noting<T extends object>(called: string[], from: string): T {
  return new Proxy({} as T, {
    get: (_target, name) =>
      typeof name !== 'string' || name === 'then'
        ? undefined
        : (...args: unknown[]) => {
            called.push(`${from}.${name} ${JSON.stringify(args)}`);
            return Promise.resolve({ kind: 'done', state: 'silent' });
          },
  });
}

async function nodeWith(leftMs: number): Promise<{ node: GroupNode; called: string[] }> {
  const called: string[] = [];
  const inner: GroupNode = {
    name: 'a',
    endpoint: { host: '127.0.0.1', port: 1 },
    redis: noting<RedisNodePort>(called, 'redis'),
    host: noting<HostPort>(called, 'host'),
    fence: noting<FencePort>(called, 'fence'),
  };
  const connect = guarded(async () => [inner], { leftMs: () => leftMs });
  const [node] = await connect({} as FailoverGroup);
  assert.ok(node !== undefined);
  return { node, called };
}

/** Every call of every port that changes something, by the time (ms) that a lease must have left for it. */
const changes: readonly [needMs: number, call: (node: GroupNode) => Promise<unknown> | undefined][] = [
  [1_000, ({ redis }) => redis.claim(1)],
  [1_000, ({ redis }) => redis.pauseWrites(1)],
  [1_000, ({ redis }) => redis.resumeWrites()],
  [1_000, ({ redis }) => redis.follow({ host: 'b', port: 1 })],
  [1_000, ({ redis }) => redis.promote()],
  [1_000, ({ redis }) => redis.dropClients()],
  [1_000, ({ redis }) => redis.persistConfig()],
  [1_000, ({ redis }) => redis.setReplicationLogin()],
  [1_000, ({ redis }) => redis.setConfig({})],
  [1_000, ({ redis }) => redis.snapshot(1)],
  [3_000, ({ host }) => host?.startUnits([], 1)],
  [3_000, ({ host }) => host?.stopUnits([], 1)],
  [3_000, ({ host }) => host?.startRedis(1)],
  [3_000, ({ host }) => host?.stopRedis(1)],
  [3_000, ({ host }) => host?.copyAside('/d', 1, 1)],
  [3_000, ({ fence }) => fence?.powerOff()],
];

test('what changes something is sent while the lease has time left for it, and passes on its arguments', async () => {
  for (const [needMs, call] of changes) {
    const { node, called } = await nodeWith(needMs);
    assert.equal(((await call(node)) as { kind: string }).kind, 'done');
    assert.equal(called.length, 1);
  }
});

test('what changes something is refused as NotLeading, and not sent, when the lease has less time left', async () => {
  for (const [needMs, call] of changes)
    for (const leftMs of [needMs - 1, 0]) {
      const { node, called } = await nodeWith(leftMs);
      const outcome = (await call(node)) as { kind: string; reason?: string };
      assert.deepEqual([outcome.kind, outcome.reason], ['refused', 'NotLeading']);
      assert.deepEqual(called, []);
    }
});

test('a look is always taken, and renews the lease of a node only for a leader', async () => {
  const terms = { seconds: 15, epoch: 4 };
  const leading = await nodeWith(3_000);
  await leading.node.host?.observe(terms);
  await leading.node.redis.observe();
  assert.deepEqual(leading.called, [`host.observe [${JSON.stringify(terms)}]`, 'redis.observe []']);
  const deposed = await nodeWith(2_999);
  await deposed.node.host?.observe(terms);
  await deposed.node.redis.observe();
  await deposed.node.redis.position();
  assert.deepEqual(deposed.called, ['host.observe [null]', 'redis.observe []', 'redis.position []']);
});

test('a fence is told how long the lease still lasts: it tries on by itself, and no epoch stops it at the other machine', async () => {
  const { node, called } = await nodeWith(4_000);
  await node.fence?.powerOff();
  assert.deepEqual(called, ['fence.powerOff [4000]']);
});
