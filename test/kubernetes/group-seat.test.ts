import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameSeat, promotedSeat, seatOf } from '../../controller/kubernetes/group-seat.ts';
import type { NodeStatus, Status } from '../../crd/status.ts';
import { simSpec } from '../world/sim-group.ts';

const spec = simSpec(['a', 'b', 'c']);

const replica = (name: string, change: Partial<NodeStatus> = {}): NodeStatus => ({
  name,
  role: 'replica',
  reachable: true,
  linkStatus: 'up',
  inSync: true,
  ...change,
});
const primary: NodeStatus = { name: 'a', role: 'primary', reachable: true };
const settled: Status = { epoch: 4, currentPrimary: 'a', nodes: [primary, replica('b'), replica('c')] };

const moving: Status = {
  ...settled,
  epoch: 5,
  transition: {
    kind: 'Failover',
    from: 'a',
    to: 'b',
    epoch: 5,
    fromEpoch: 4,
    step: 'Promote',
    cause: 'PrimaryProcessDead',
    startTime: '2026-11-23T03:00:00Z',
  },
};

test('only replicas that are up and in sync are found', () => {
  const { replicas } = seatOf(spec, settled, undefined);
  assert.deepEqual(replicas, ['b', 'c']);
  for (const change of [
    { reachable: false },
    { linkStatus: 'down' },
    { linkStatus: 'syncing' },
    { inSync: false },
    { role: 'primary' },
  ] as const) {
    const status: Status = { ...settled, nodes: [primary, replica('b', change), replica('c')] };
    assert.deepEqual(seatOf(spec, status, undefined).replicas, ['c'], JSON.stringify(change));
  }
});

test('a promotion that was done stands until the record follows, and falls with its transition', () => {
  const before = seatOf(spec, moving, seatOf(spec, settled, undefined));
  assert.equal(before.primary, 'a');
  const promoted = promotedSeat(before, 'b', 5);
  assert.deepEqual([promoted.primary, promoted.replicas], ['b', ['c']]);
  const next = seatOf(spec, moving, promoted);
  assert.deepEqual([next.primary, next.replicas], ['b', ['c']]);
  const { transition: _ended, ...putBack } = moving;
  assert.equal(seatOf(spec, putBack, next).primary, 'a');
});

test('a later change to a node that led before is not taken for done', () => {
  const led = { ...seatOf(spec, settled, undefined), primary: 'b', epoch: 4 };
  assert.equal(seatOf(spec, moving, led).primary, 'a');
  assert.equal(seatOf(spec, {}, undefined).primary, undefined);
});

test('a seat is the same whatever its epoch', () => {
  const seat = seatOf(spec, settled, undefined);
  assert.equal(isSameSeat(seat, seatOf(spec, { ...settled, epoch: 9 }, undefined)), true);
  assert.equal(isSameSeat(seat, promotedSeat(seat, 'b', 5)), false);
  assert.equal(isSameSeat(seat, { ...seat, replicas: ['c', 'b'] }), false);
  assert.equal(isSameSeat(seat, { ...seat, spec: simSpec(['a', 'b', 'c']) }), false);
});
