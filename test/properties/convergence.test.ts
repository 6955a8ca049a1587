import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { WorldEvent } from '../world/events.ts';
import { anything, happen, healEverything } from '../world/events.ts';
import { answerQuestions } from '../world/operator.ts';
import { SimGroup } from '../world/sim-group.ts';
import { propertyRuns } from './property-runs.ts';

/** A mess, then calm: whether it came to rest, and what it did once there. */
async function weather(
  names: readonly string[],
  { begun, leaseSeconds }: { begun: boolean; leaseSeconds: number },
  events: readonly WorldEvent[],
): Promise<SimGroup> {
  const group = new SimGroup(names, leaseSeconds);
  if (begun) assert.ok(await group.settle(), 'a healthy group did not converge');
  for (const event of events) await happen(group, event);
  healEverything(group);
  return group;
}

async function settleWithOperator(group: SimGroup): Promise<boolean> {
  for (let question = 0; question < 5; question += 1) {
    if (await group.settle(question < 4 ? 100 : 400)) return true;
    answerQuestions(group);
  }
  return false;
}

/** Messes that a former version did not get out of, as fast-check shrank them. */
const once: readonly (readonly WorldEvent[])[] = [
  // A switchover that a unit held up was still on record when an operator swapped the roles to a third node.
  [
    { kind: 'request', node: 1 },
    { kind: 'stubborn', node: 0, unit: 0 },
    { kind: 'pass' },
    { kind: 'swapByHand', node: 2 },
  ],
  // A replica that held the most was left in mid-sync from a primary that had come back with less.
  [{ kind: 'hang', node: 1 }, { kind: 'write' }, { kind: 'pass' }, { kind: 'crash', node: 0 }],
];

test('messes that once did not converge do', async () => {
  for (const events of once) {
    const group = await weather(['a', 'b', 'c'], { begun: true, leaseSeconds: 0 }, events);
    assert.ok(await settleWithOperator(group), JSON.stringify(events));
    assert.equal(group.status.transition, undefined);
  }
});

const start = fc.record({ begun: fc.boolean(), leaseSeconds: fc.constantFrom(0, 15) });

for (const names of [
  ['a', 'b'],
  ['a', 'b', 'c'],
]) {
  test(`from any mess of ${names.length} nodes the loop converges once faults stop, then does nothing more, and no unit ever runs twice`, async () => {
    await fc.assert(
      fc.asyncProperty(start, fc.array(anything, { maxLength: 40 }), async (begin, events) => {
        const group = await weather(names, begin, events);
        assert.ok(
          await settleWithOperator(group),
          `not converged: ${JSON.stringify(group.status.conditions?.map((c) => [c.type, c.status, c.reason, c.message]))}`,
        );
        assert.deepEqual(group.world.violations, []);
        assert.equal(
          group.condition('FailoverReady')?.status,
          'True',
          group.condition('FailoverReady')?.message,
        );
        const primaries = [...group.world.redis.values()].filter((redis) => redis.role === 'primary');
        assert.deepEqual(
          primaries.map((redis) => redis.name),
          [group.status.currentPrimary],
        );
        const before = { effects: group.meddling.effects.length, writes: group.statusWrites };
        for (let pass = 0; pass < 5; pass += 1) {
          group.world.write();
          group.world.advance(1000);
          await group.pass();
        }
        assert.deepEqual(
          { effects: group.meddling.effects.length, writes: group.statusWrites },
          before,
          'something was done in steady state',
        );
      }),
      propertyRuns(),
    );
  });
}
