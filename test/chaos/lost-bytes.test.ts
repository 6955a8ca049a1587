import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TransitionRecord } from '../../crd/status.ts';
import { checkHistory } from './check-history.ts';
import { after, before, bytes, failover, lastOfOld, write } from './example-histories.ts';
import type { History } from './history.ts';
import { keyOf, streamBytes } from './write-log.ts';

test('a count that is too low, exact or not, or missing is found', () => {
  const counts: Partial<TransitionRecord>[] = [
    { lostBytes: 0, lostBytesExact: true },
    { lostBytes: bytes - 1, lostBytesExact: false },
    {},
  ];
  for (const counted of counts) {
    const verdict = checkHistory(failover(counted));
    assert.equal(verdict.lostBytesCountedRight, false);
    assert.equal(verdict.problems.length, 1);
  }
});

test('an estimate from above is right', () => {
  const verdict = checkHistory(failover({ lostBytes: 20_000, lostBytesExact: false }));
  assert.equal(verdict.lostBytesCountedRight, true);
});

test('an exact count far above what was lost is found, also where nothing was', () => {
  const inflated = { lostBytes: 1e12, lostBytesExact: true };
  const some = checkHistory(failover(inflated));
  assert.equal(some.lostBytesCountedRight, false);
  assert.match(some.problems.join(), /far more than was lost/);
  const none = checkHistory(failover(inflated, { missing: new Set(), probes: [] }));
  assert.match(none.problems.join(), /far more than was lost/);
});

test('an exact count may be above what was lost by what else is in the stream, and by no more', () => {
  const counted = (lostBytes: number) => checkHistory(failover({ lostBytes, lostBytesExact: true }));
  assert.deepEqual(counted(bytes + 1_500).problems, []);
  assert.match(counted(bytes + 20_000).problems.join(), /far more than was lost/);
});

test('what the old primary took alone until it was in sync again is of what was lost', () => {
  const alone = Array.from({ length: 200 }, (_, turn) => write(10 + turn, 'a', 10_300 + turn * 10));
  const missing = new Set([lastOfOld, ...alone].map(keyOf));
  const history = (lostBytes: number): History =>
    failover(
      { lostBytes, lostBytesExact: true },
      {
        acked: [before, lastOfOld, after, ...alone],
        missing,
        copies: [{ node: 'a', path: '/copy', epoch: 2, holds: missing }],
        rejoined: [{ node: 'a', at: 12_500 }],
      },
    );
  const all = bytes + alone.reduce((sum, one) => sum + streamBytes(one), 0);
  assert.deepEqual(checkHistory(history(all + 20_000)).problems, []);
  assert.match(checkHistory(history(all + 60_000)).problems.join(), /far more than was lost/);
});

test('by how much an estimate was too high is told', () => {
  const verdict = checkHistory(failover({ lostBytes: bytes + 20_000, lostBytesExact: false }));
  assert.deepEqual([verdict.problems, verdict.estimatedAboveBytes], [[], 20_000]);
});
