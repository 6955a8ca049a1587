import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimGroup } from '../world/sim-group.ts';
import { endProcess, freshData, startProcess, takesWrites } from '../world/sim-redis.ts';

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

test('a replica that a deposed controller has paused for a copy takes writes as soon as it leads', async () => {
  const moves: ((group: SimGroup) => void)[] = [
    (group) => group.edit({ primary: 'b' }),
    ({ world }) => endProcess(world.get('a'), 'crashed', world.now),
  ];
  for (const move of moves) {
    const group = new SimGroup(['a', 'b']);
    assert.ok(await group.settle());
    const replica = group.world.get('b');
    replica.pausedUntil = group.world.now + 600_000;
    move(group);
    for (let pass = 0; pass < 60 && replica.role === 'replica'; pass += 1) {
      await group.pass();
      group.world.advance(500);
    }
    assert.equal(replica.role, 'primary');
    assert.ok(takesWrites(replica, group.world.now));
  }
});

test('a new primary that restarts empty before its switchover is closed is rescued from, not followed', async () => {
  for (const names of [
    ['a', 'b'],
    ['a', 'b', 'c'],
  ]) {
    const group = new SimGroup(names);
    assert.ok(await group.settle());
    group.world.write();
    group.world.advance(1_000);
    group.edit({ primary: 'b' });
    const { world } = group;
    for (let pass = 0; pass < 10 && world.get('b').role === 'replica'; pass += 1) {
      await group.pass();
      world.advance(1);
    }
    assert.equal(group.status.transition?.to, 'b');
    const taken = world.get('b');
    taken.snapshot = freshData(world.newId());
    endProcess(taken, 'crashed', world.now);
    startProcess(taken, world.now);
    world.advance(1);
    assert.deepEqual(taken.data.log, []);
    assert.ok(await group.settle());
    const leader = world.get(group.status.currentPrimary ?? '');
    assert.deepEqual(leader.data.log, [...world.acknowledged], `${names.length} nodes`);
  }
});
