import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimGroup } from '../world/sim-group.ts';

/** What the last pass did, in order. */
function acts(group: SimGroup): string[] {
  return group.events.flatMap((event) =>
    event.kind === 'acted' ? [`${event.action.kind}: ${event.outcome.kind}`] : [],
  );
}

async function switching(): Promise<SimGroup> {
  const group = new SimGroup(['a', 'b']);
  assert.ok(await group.settle());
  group.edit({ primary: 'b' });
  return group;
}

test('an action of unknown outcome ends the pass, though it may have been done', async () => {
  for (const applied of [true, false]) {
    const group = await switching();
    group.meddling.unknowns.push({ node: 'a', applied });
    assert.equal(await group.pass(), 'failed');
    assert.deepEqual(acts(group), ['record: done', 'stopUnits: unknown']);
  }
});

test('without its store the controller changes nothing and goes on looking', async () => {
  const group = await switching();
  group.storeFails = true;
  for (let pass = 0; pass < 3; pass += 1) {
    group.meddling.effects.length = 0;
    assert.equal(await group.pass(), 'failed');
    assert.deepEqual(acts(group), ['record: refused']);
    assert.deepEqual(group.meddling.effects, []);
  }
  group.storeFails = false;
  assert.ok(await group.settle());
  assert.equal(group.status.currentPrimary, 'b');
});

test('units are started under a lease that is in force, by a controller that has only just started as well', async () => {
  const group = new SimGroup(['a', 'b'], 15);
  assert.ok(await group.settle());
  const host = group.world.host('a');
  group.world.cut('a', 'b', true);
  // Nobody renews, and no replica is attached: the watch ends the units.
  group.world.advance(120_000);
  assert.ok(host.leaseUntil !== undefined && host.leaseUntil < group.world.now);
  assert.deepEqual(
    [...host.units.values()].map(({ state }) => state),
    ['stopped', 'stopped'],
  );
  group.restart();
  await group.pass();
  assert.ok(acts(group).includes('startUnits: done'));
  assert.ok(host.leaseUntil > group.world.now, 'the watch would end them again at its next look');
});
