import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phaseOf, untilPhase } from '../../controller/probe-phase.ts';

const keys = Array.from({ length: 1_000 }, (_, index) => `production/group-${index}`);

test('a thousand groups are spread over the second: no tenth of it has much more than its share', () => {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (const key of keys) {
    const tenth = Math.floor(phaseOf(key, 1_000) / 100);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  assert.ok(Math.max(...tenths) <= 140 && Math.min(...tenths) >= 60, tenths.join(' '));
});

test('the phase of a key is always the same and lies in the period', () => {
  for (const key of keys) {
    const phase = phaseOf(key, 250);
    assert.equal(phaseOf(key, 250), phase);
    assert.ok(phase >= 0 && phase < 250);
  }
});

test('the next probe is at the phase, and never more than a little over a period away', () => {
  for (let now = 12_345; now < 14_345; now += 7) {
    const ahead = untilPhase(300, 1_000, now);
    const miss = Math.abs(((now + ahead) % 1_000) - 300);
    assert.ok(ahead > 100 && ahead <= 1_100 && miss < 1e-6, `${now}: ${ahead}`);
  }
});

test('a timer that came too early leads to no second probe', () => {
  assert.equal(Math.round(untilPhase(300, 1_000, 5_299.4)), 1_001);
});
