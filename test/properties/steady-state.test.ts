import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SimGroup } from '../world/sim-group.ts';
import { propertyRuns } from './property-runs.ts';

/** The same document as a GitOps tool would apply it again: equal, with its keys in another order. */
function applyAgain(group: SimGroup): void {
  const entries = Object.entries(group.spec).reverse();
  group.spec = Object.fromEntries(entries) as typeof group.spec;
}

test('applying the same document again, at any moment of a converged group, does and writes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(['a', 'b'], ['a', 'b', 'c']),
      fc.array(fc.constantFrom('apply', 'write', 'pass', 'wait', 'restart'), { maxLength: 30 }),
      fc.boolean(),
      async (names, steps, failedOver) => {
        const group = new SimGroup(names);
        assert.ok(await group.settle());
        if (failedOver) {
          group.edit({ primary: 'b' });
          assert.ok(await group.settle());
        }
        const before = { effects: group.meddling.effects.length, writes: group.statusWrites };
        for (const step of steps) {
          if (step === 'apply') applyAgain(group);
          if (step === 'write') group.world.write();
          if (step === 'wait') group.world.advance(1000);
          if (step === 'restart') group.restart();
          await group.pass();
        }
        assert.deepEqual({ effects: group.meddling.effects.length, writes: group.statusWrites }, before);
      },
    ),
    propertyRuns(),
  );
});

test('a paused group is watched and left alone, whatever is wrong with it, once its primary takes writes without a replica', async () => {
  const group = new SimGroup(['a', 'b']);
  assert.ok(await group.settle());
  assert.equal(group.world.get('a').config['min-replicas-to-write'], '1');
  group.edit({ paused: true, primary: 'b' });
  await group.pass();
  assert.equal(group.world.get('a').config['min-replicas-to-write'], '0');
  const before = group.meddling.effects.length;
  for (let pass = 0; pass < 20; pass += 1) {
    await group.pass();
    group.world.advance(1000);
  }
  assert.equal(group.meddling.effects.length, before);
  assert.equal(group.condition('Paused')?.status, 'True');
});
