import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimGroup } from '../world/sim-group.ts';
import { endProcess, startProcess } from '../world/sim-redis.ts';

/** The primary dies and is back at once with its last snapshot; what follows the promotion is up to the test. */
async function failover(
  names: readonly string[],
  afterPromotion: (group: SimGroup) => void,
): Promise<SimGroup> {
  const group = new SimGroup(names);
  const { world, meddling } = group;
  assert.ok(await group.settle());
  for (let write = 0; write < 3; write += 1) world.write();
  world.advance(1);
  endProcess(world.get('ct100'), 'crashed', world.now);
  startProcess(world.get('ct100'), world.now);
  meddling.effects.length = 0;
  meddling.between = () => {
    if (!meddling.effects.includes('promote ct101')) return;
    meddling.between = () => undefined;
    afterPromotion(group);
  };
  for (let pass = 0; pass < 8; pass += 1) {
    await group.pass();
    world.advance(500);
  }
  assert.ok(meddling.effects.includes('promote ct101'), meddling.effects.join(', '));
  return group;
}

test('a new primary that falls silent right after its promotion is not given up for the stale one', async () => {
  // Chaos, seed 22: the failover was dropped, and all the data that it had saved was replaced by none.
  const group = await failover(['ct100', 'ct101'], ({ world }) => {
    for (const other of ['@', 'ct100']) world.cut(other, 'ct101', true);
  });
  const { world, status, meddling } = group;
  assert.notEqual(status.currentPrimary ?? status.transition?.to, undefined);
  assert.equal(status.transition?.to, 'ct101', 'the failover stays on record');
  for (const other of ['@', 'ct100']) world.cut(other, 'ct101', false);
  assert.ok(await group.settle());
  assert.equal(group.status.currentPrimary, 'ct101');
  assert.deepEqual(
    [...world.acknowledged].filter((write) => !world.get('ct101').data.log.includes(write)),
    [],
  );
  assert.ok(!meddling.effects.includes('follow ct101'));
});

test('a failover that is overtaken by a switchover before all is done is history, with what it has cost', async () => {
  // Chaos, seed 24: spec.primary was edited while the failover was on its last steps, and its count was gone.
  const group = await failover(['ct100', 'ct101', 'ct102'], (one) => one.edit({ primary: 'ct102' }));
  assert.ok(await group.settle());
  const made = (group.status.history ?? []).map(({ kind, to }) => `${kind} ${to}`);
  assert.deepEqual(made.slice(0, 2), ['Switchover ct102', 'Failover ct101']);
  assert.notEqual(group.status.history?.[1]?.lostBytes, undefined);
});
