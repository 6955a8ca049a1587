import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPair } from '../../redis/redis-pair.ts';
import { countLostWrites } from '../../traffic/lost-writes.ts';
import { Traffic } from '../../traffic/traffic.ts';
import { RoleWatch } from '../role-watch.ts';
import { RedisFailover } from './redis-failover.ts';

test('FAILOVER under writers loses nothing, and the role watch sees the promotion', async (t) => {
  const pair = await startPair();
  t.after(() => pair.stop());
  const contender = new RedisFailover();
  await contender.setUp(pair);
  const watch = await RoleWatch.start(pair.replica);
  t.after(() => watch.close());
  const traffic = await Traffic.start({
    endpoints: [pair.primary.address, pair.replica.address],
    password: pair.primary.password,
  });
  t.after(() => traffic.close());
  await traffic.acked(1_000);
  await contender.handOver();
  const promotedAt = await watch.promotedAt;
  await traffic.acked((await traffic.report()).ackedWrites + 1_000);
  await traffic.stop();
  const report = await traffic.report();
  const lost = await countLostWrites(report.acked, pair.replica.address);
  assert.deepEqual(lost, { checkedWrites: report.ackedWrites, lostWrites: 0, sample: [] });
  assert.ok((await traffic.report({ from: promotedAt })).ackedWrites >= 500);
});
