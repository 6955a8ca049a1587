import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PlannedFault, plannedFaults } from './fault-plan.ts';

function some(seed: number): PlannedFault[] {
  const plan = plannedFaults(seed);
  return Array.from({ length: 400 }, () => plan.next().value);
}

test('the same seed gives the same faults and pauses, another one others', () => {
  assert.deepEqual(some(7), some(7));
  assert.notDeepEqual(some(7), some(8));
});

test('ten minutes hold well over a hundred faults, of every kind', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const faults = some(seed);
    let ms = 0;
    const within = faults.filter(({ pauseMs }) => {
      ms += pauseMs;
      return ms < 600_000;
    });
    assert.ok(within.length >= 130, `${within.length} faults`);
    assert.equal(new Set(faults.map(({ fault }) => fault.kind)).size, 18);
  }
});
