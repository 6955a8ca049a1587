import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPair } from '../redis/redis-pair.ts';
import { RedisServer } from '../redis/redis-server.ts';
import { countLostWrites } from './lost-writes.ts';
import { monotonicMs } from './monotonic.ts';
import { Traffic } from './traffic.ts';

test('four writers are acknowledged, and every acknowledged write is found', async (t) => {
  const server = await RedisServer.start();
  t.after(() => server.stop());
  const traffic = await Traffic.start({ endpoints: [server.address], password: server.password });
  t.after(() => traffic.close());
  await traffic.acked(4_000);
  await traffic.stop();
  const report = await traffic.report();
  assert.ok(report.ackedWrites >= 4_000);
  assert.equal(report.acked.length, 4);
  assert.ok(report.acked.every(({ ranges }) => ranges.length === 1));
  assert.deepEqual(report.errors, {});
  const lost = await countLostWrites(report.acked, server.address);
  assert.deepEqual(lost, { checkedWrites: report.ackedWrites, lostWrites: 0, sample: [] });
});

test('keys that vanish are counted as lost', async (t) => {
  const server = await RedisServer.start();
  t.after(() => server.stop());
  const traffic = await Traffic.start({ endpoints: [server.address], password: server.password });
  t.after(() => traffic.close());
  await traffic.acked(2_500);
  await traffic.stop();
  const report = await traffic.report();
  const admin = await server.admin();
  await admin.del('w:0:3', 'w:1:0');
  const lost = await countLostWrites(report.acked, server.address);
  assert.deepEqual([lost.lostWrites, lost.sample], [2, ['w:0:3', 'w:1:0']]);
});

test('a primary that pauses writes makes a gap of at least that long, and only in the window that holds it', async (t) => {
  const server = await RedisServer.start();
  t.after(() => server.stop());
  const traffic = await Traffic.start({ endpoints: [server.address], password: server.password });
  t.after(() => traffic.close());
  await traffic.acked(500);
  const before = monotonicMs();
  const admin = await server.admin();
  const pausedAt = monotonicMs();
  await admin.client('PAUSE', '300', 'WRITE');
  const { ackedWrites } = await traffic.report();
  await traffic.acked(ackedWrites + 500);
  await traffic.stop();
  const during = await traffic.report({ from: pausedAt });
  assert.ok(during.gap.gapMs >= 290, `gap of ${during.gap.gapMs} ms`);
  assert.ok(during.slowestWriterGapMs >= during.gap.gapMs);
  assert.ok(during.gap.from <= pausedAt + 100 && during.gap.to > pausedAt + 290);
  const sooner = await traffic.report({ to: before - 1 });
  assert.ok(sooner.gap.gapMs < during.gap.gapMs, `gap of ${sooner.gap.gapMs} ms before the pause`);
});

test('promoting before demoting loses acknowledged writes, and they are counted', async (t) => {
  const { primary, replica, stop } = await startPair();
  t.after(stop);
  const traffic = await Traffic.start({
    endpoints: [primary.address, replica.address],
    password: primary.password,
  });
  t.after(() => traffic.close());
  const [old, next] = await Promise.all([primary.admin(), replica.admin()]);
  await traffic.acked(1_000);
  await next.call('REPLICAOF', 'NO', 'ONE');
  await traffic.acked((await traffic.report()).ackedWrites + 1_000);
  await old.call('REPLICAOF', replica.host, String(replica.port));
  await old.call('CLIENT', 'KILL', 'TYPE', 'normal');
  await traffic.acked((await traffic.report()).ackedWrites + 1_000);
  await traffic.stop();
  const report = await traffic.report();
  const { lostWrites, sample } = await countLostWrites(report.acked, replica.address);
  assert.ok(lostWrites >= 900, `${lostWrites} lost`);
  assert.equal(sample.length, 10);
});

test('a write of unknown fate is skipped or retried as told, and a dead endpoint is left for the next', async (t) => {
  for (const onUnknown of ['skip', 'retry'] as const) {
    const first = await RedisServer.start();
    t.after(() => first.stop());
    const second = await RedisServer.start({ password: first.password });
    t.after(() => second.stop());
    const endpoints = [first.address, second.address];
    const traffic = await Traffic.start({ endpoints, password: first.password, onUnknown });
    t.after(() => traffic.close());
    await traffic.acked(500);
    await first.kill();
    await traffic.acked((await traffic.report()).ackedWrites + 500);
    await traffic.stop();
    const { unknownWrites, acked, ackedWrites } = await traffic.report();
    const holes = acked.reduce((sum, { ranges }) => sum + ranges.length - 1, 0);
    assert.ok(unknownWrites > 0 && unknownWrites <= 4);
    assert.equal(holes, onUnknown === 'skip' ? unknownWrites : 0);
    assert.ok(ackedWrites >= 1_000);
  }
});
