import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Status } from '../../crd/status.ts';
import { differs } from '../../reconcilers/significance.ts';

const node = { name: 'a', role: 'primary', reachable: true, lagBytes: 1, usedMemoryBytes: 5 } as const;
const status: Status = { epoch: 2, currentPrimary: 'a', nodes: [{ ...node }], demoting: ['b', 'c'] };

test('what moves all the time is no difference, also where it appears or goes', () => {
  const { lagBytes: _lag, ...quiet } = node;
  const moved: Status = { ...status, nodes: [{ ...quiet, usedMemoryBytes: 6, lastIoSecondsAgo: 1 }] };
  assert.equal(differs(status, moved), false);
  assert.equal(differs(moved, status), false);
});

test('another order of keys, or a key without a value, is no difference', () => {
  const { epoch, ...rest } = status;
  assert.equal(differs(status, { ...rest, epoch, transition: undefined } as Status), false);
  assert.equal(differs({ ...rest, epoch, transition: undefined } as Status, status), false);
});

test('everything else is one, in both directions', () => {
  const { currentPrimary: _current, ...without } = status;
  const others: Status[] = [
    { ...status, epoch: 3 },
    without,
    { ...status, nodes: [] },
    { ...status, nodes: [{ ...node, reachable: false }] },
    { ...status, demoting: ['c', 'b'] },
    { ...status, demoting: ['b'] },
  ];
  for (const other of others) {
    assert.equal(differs(status, other), true, JSON.stringify(other));
    assert.equal(differs(other, status), true, JSON.stringify(other));
  }
});
