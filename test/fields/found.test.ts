import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Edit } from './document-edit.ts';
import { drop, put } from './document-edit.ts';
import { FieldStage } from './field-stage.ts';
import { spareNode } from './node-plans.ts';
import { refusedSetting } from './reached-nodes.ts';

// What the chains of edits have found, each as its shortest story.

async function settled(...edits: readonly Edit[]): Promise<FieldStage> {
  const stage = FieldStage.fresh(new Map());
  stage.take(edits);
  assert.ok(await stage.settle());
  return stage;
}

const readyOf = ({ status }: FieldStage) => status.conditions?.find(({ type }) => type === 'Ready');

test('a setting that Redis refuses keeps no primary from taking writes once its replicas are gone', async () => {
  const stage = await settled();
  stage.take([put('redis.config.appendonly', refusedSetting)]);
  await stage.run(5_000);
  for (const name of ['b', 'c']) stage.world.get(name).process = 'stopped';
  await stage.run(10_000);
  const { config, savedConfig } = stage.world.get('a');
  assert.equal(config['min-replicas-to-write'], '0');
  assert.equal(savedConfig['min-replicas-to-write'], '0');
});

test('a setting that Redis refuses is told, and tried again with growing pauses', async () => {
  const stage = await settled();
  const before = stage.effects.length;
  stage.take([put('redis.config.appendonly', refusedSetting)]);
  await stage.run(60_000);
  assert.equal(readyOf(stage)?.reason, 'SettingRefused');
  assert.match(readyOf(stage)?.message ?? '', /appendonly/);
  const tries = stage.effects.slice(before).filter((effect) => effect === 'config a');
  assert.ok(tries.length <= 7, `${tries.length} tries in a minute`);
});

test('a value that takes the place of a refused one is set at once', async () => {
  const stage = await settled();
  stage.take([put('redis.config.appendonly', refusedSetting)]);
  await stage.run(60_000);
  stage.take([put('redis.config.appendonly', 'yes')]);
  await stage.run(1_500);
  assert.equal(stage.world.get('a').config.appendonly, 'yes');
  assert.equal(readyOf(stage)?.status, 'True');
});

test('a setting that Redis does not know is told', async () => {
  const stage = await settled(put('redis.config.maxmemmory', '1mb'));
  assert.equal(readyOf(stage)?.reason, 'SettingRefused');
  assert.match(readyOf(stage)?.message ?? '', /no setting maxmemmory/);
});

test('a lease that is made shorter counts as long as before until its node was told, also for a new controller', async () => {
  const stage = await settled(put('failover.leaseSeconds', 60));
  stage.take([put('failover.leaseSeconds', 5)]);
  stage.restart();
  await stage.pass();
  assert.equal(stage.status.nodes?.[0]?.lease?.seconds, 60);
  for (const end of ['@', '@host', 'b', 'c']) stage.world.cut(end, 'a', true);
  await stage.run(45_000);
  assert.deepEqual(stage.violations, []);
});

test('of a watch that was taken away nothing is told any more', async () => {
  const stage = await settled();
  stage.take([put('failover.leaseSeconds', 0)]);
  assert.ok(await stage.settle());
  assert.deepEqual(stage.status.nodes?.[0]?.lease, { state: 'absent', seconds: 0 });
});

test('a node that is taken out while it is being demoted is on record no more', async () => {
  const stage = await settled();
  stage.take([put('nodes[3]', spareNode)]);
  await stage.step();
  assert.deepEqual(stage.status.demoting, ['d']);
  stage.take([]);
  assert.ok(await stage.settle());
  assert.equal(stage.status.demoting, undefined);
});

test('the watch of a node that is taken out goes, but not where units still run', async () => {
  const stage = await settled();
  stage.take([drop('nodes[2]')]);
  await stage.step();
  assert.equal(stage.world.host('c').leaseUntil, undefined);
  stage.take([put('primary', 'b'), drop('nodes[0]')]);
  await stage.step();
  assert.notEqual(stage.world.host('a').leaseUntil, undefined);
});
