import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keysOf, toRanges } from './acked-keys.ts';
import { longestGap } from './gap.ts';

test('the gap runs from the last acknowledgement before to the first after', () => {
  assert.deepEqual(longestGap([1, 2, 10, 11], { from: 0, to: 12 }), {
    gapMs: 8,
    from: 2,
    to: 10,
    open: false,
  });
});

test('a gap that straddles the start of the window counts whole; one that ended before it does not count', () => {
  assert.equal(longestGap([0, 50, 51, 60, 61], { from: 55, to: 61 }).gapMs, 9);
});

test('an acknowledgement after the window closes the gap that began inside', () => {
  assert.deepEqual(longestGap([1, 2, 30, 99], { from: 0, to: 5 }), {
    gapMs: 28,
    from: 2,
    to: 30,
    open: false,
  });
});

test('silence to the end of the window is an open gap', () => {
  assert.deepEqual(longestGap([1, 2], { from: 0, to: 40 }), { gapMs: 38, from: 2, to: 40, open: true });
  assert.deepEqual(longestGap([], { from: 5, to: 40 }), { gapMs: 35, from: 5, to: 40, open: true });
});

test('keys come back from their ranges', () => {
  const ranges = toRanges([0, 1, 2, 5, 7, 8]);
  assert.deepEqual(ranges, [
    [0, 2],
    [5, 5],
    [7, 8],
  ]);
  assert.deepEqual(
    [...keysOf([{ writer: 3, ranges }])],
    [0, 1, 2, 5, 7, 8].map((seq) => `w:3:${seq}`),
  );
});
