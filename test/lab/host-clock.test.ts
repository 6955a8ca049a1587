import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offsetSeconds } from './host-clock.ts';

test('a clock is wrong by a number of seconds, minutes or hours, either way', () => {
  assert.equal(offsetSeconds('+1h'), 3_600);
  assert.equal(offsetSeconds('-90m'), -5_400);
  assert.equal(offsetSeconds('+5s'), 5);
});

test('an offset without a sign or with another unit is refused', () => {
  for (const text of ['1h', '+1d', '+h', '']) assert.throws(() => offsetSeconds(text), /wrong by/);
});
