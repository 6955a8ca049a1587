import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { startPair } from './redis-pair.ts';
import { SentinelGroup } from './sentinel.ts';

test('three Sentinels know each other and the replica, and move the primary when told', async (t) => {
  const pair = await startPair();
  t.after(() => pair.stop());
  const sentinels = await SentinelGroup.start({ primary: pair.primary, downAfterMs: 30_000 });
  t.after(() => sentinels.stop());
  const listener = await sentinels.admin(1);
  await listener.subscribe('+switch-master');
  const switched = once(listener, 'message');
  const admin = await sentinels.admin(0);
  await admin.call('SENTINEL', 'FAILOVER', sentinels.name);
  const [, payload] = await switched;
  assert.match(
    String(payload),
    new RegExp(`^bench 127.0.0.1 ${pair.primary.port} 127.0.0.1 ${pair.replica.port}$`),
  );
});
