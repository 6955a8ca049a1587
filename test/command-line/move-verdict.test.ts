import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moveVerdict } from '../../controller/command-line/move-verdict.ts';
import type { Condition, Status, Transition, TransitionRecord } from '../../crd/status.ts';

const before: Status = { observedGeneration: 3, epoch: 7, currentPrimary: 'a', handledPrimary: 'a' };
const time = '2026-11-22T03:11:07Z';

const transition: Transition = {
  kind: 'Switchover',
  from: 'a',
  to: 'b',
  epoch: 8,
  fromEpoch: 7,
  step: 'StopUnits',
  cause: 'Requested',
  startTime: time,
};

const record = (kind: TransitionRecord['kind'], to: string): TransitionRecord => ({
  kind,
  to,
  epoch: 8,
  cause: 'Requested',
  startTime: time,
  completionTime: time,
});

const condition = (type: Condition['type'], status: Condition['status'], reason: string): Condition => ({
  type,
  status,
  reason,
  message: `${reason}.`,
  observedGeneration: 4,
  lastTransitionTime: time,
});

test('a move goes on while its transition is on record, even when the new primary leads', () => {
  assert.equal(
    moveVerdict(before, { ...before, currentPrimary: 'b', handledPrimary: 'b', transition }, 'b'),
    undefined,
  );
});

test('a move is done when the node leads and the request is met', () => {
  const lastTransition = record('Switchover', 'b');
  const status = { ...before, epoch: 8, currentPrimary: 'b', handledPrimary: 'b', lastTransition };
  assert.deepEqual(moveVerdict(before, status, 'b'), { kind: 'done', record: lastTransition });
});

test('a move is put back when a new attempt failed, once the units are back', () => {
  const failedAttempt = { to: 'b', count: 1, reason: 'CatchUpTimeout', message: 'm', time, retryTime: time };
  const status = { ...before, failedAttempt };
  const moving = { ...status, conditions: [condition('UnitsPlaced', 'False', 'UnitsNotRunning')] };
  assert.equal(moveVerdict(before, moving, 'b'), undefined);
  assert.equal(moveVerdict(before, status, 'b')?.kind, 'putBack');
  assert.equal(moveVerdict(status, status, 'b'), undefined);
});

test('a move is overtaken when a failover made another node the primary', () => {
  const status = {
    ...before,
    epoch: 8,
    currentPrimary: 'c',
    handledPrimary: 'b',
    lastTransition: record('Failover', 'c'),
  };
  assert.equal(moveVerdict(before, status, 'b')?.kind, 'overtaken');
});

test('a move is refused when the controller has seen the request and says why not', () => {
  const conditions = [condition('PrimaryAsRequested', 'False', 'CandidateLinkDown')];
  assert.equal(moveVerdict(before, { ...before, conditions }, 'b'), undefined);
  assert.deepEqual(moveVerdict(before, { ...before, observedGeneration: 4, conditions }, 'b'), {
    kind: 'refused',
    reason: 'CandidateLinkDown',
    message: 'CandidateLinkDown.',
  });
  const unclear = [
    condition('PrimaryAvailable', 'False', 'PrimaryNotAnswering'),
    condition('PrimaryAsRequested', 'False', 'PrimaryNotAnswering'),
  ];
  assert.equal(
    moveVerdict(before, { ...before, observedGeneration: 4, conditions: unclear }, 'b'),
    undefined,
  );
});
