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
