import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentile, percentiles } from './percentile.ts';

test('a percentile is a value that was measured, by nearest rank', () => {
  const values = [15, 20, 35, 40, 50];
  assert.deepEqual(
    [5, 30, 40, 50, 100].map((percent) => percentile(values, percent)),
    [15, 20, 20, 35, 50],
  );
});

test('the order does not matter, and p99 of a few values is the greatest', () => {
  assert.deepEqual(percentiles([9.126, 1, 100, 10, 2, 3, 4, 5, 6, 7]), { p50: 5, p99: 100 });
});

test('numbers are compared as numbers', () => {
  assert.equal(percentile([100, 9, 20], 50), 20);
});

test('no values have no percentile', () => {
  assert.throws(() => percentile([], 50), /no values/);
});
