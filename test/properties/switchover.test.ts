import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { happen, harmless, healEverything } from '../world/events.ts';
import { SimGroup } from '../world/sim-group.ts';
import { propertyRuns } from './property-runs.ts';

test('a switchover never loses an acknowledged write, wherever it is interrupted or its outcome unknown', async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(harmless, { maxLength: 50 }), async (third, events) => {
      const group = new SimGroup(third ? ['a', 'b', 'c'] : ['a', 'b']);
      assert.ok(await group.settle());
      for (const event of events) {
        await happen(group, event);
        group.world.write();
      }
      healEverything(group);
      assert.ok(await group.settle(), JSON.stringify(group.status.conditions));
      const kept = new Set(group.world.get(group.status.currentPrimary ?? '').data.log);
      const lost = [...group.world.acknowledged].filter((write) => !kept.has(write));
      assert.deepEqual(lost, []);
      assert.deepEqual(group.world.violations, []);
      assert.equal(group.status.currentPrimary, group.spec.primary, 'the request was not met');
    }),
    propertyRuns(),
  );
});
