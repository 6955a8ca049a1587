import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Action } from '../../reconcilers/action.ts';
import { stillSound } from '../../reconcilers/dependence.ts';

const epoch = 1;
const stop: Action = { kind: 'stopUnits', node: 'a', units: ['bot.service'], epoch };
const handOver: Action = { kind: 'handOver', from: 'a', to: 'b', epoch, budgetMs: 1 };
const start: Action = { kind: 'startUnits', node: 'b', units: ['bot.service'], epoch, proofs: [] };
const preserve: Action = { kind: 'preserve', node: 'a', epoch };
const repoint: Action = { kind: 'repoint', node: 'a', to: 'b', dropClients: true, epoch };
const other: Action = { kind: 'repoint', node: 'c', to: 'b', dropClients: false, epoch };
const promote: Action = { kind: 'promote', node: 'b', rescue: false, epoch };

test('nothing is done after a record, a fence, a handover or a promotion that was not done', () => {
  for (const failed of [
    { kind: 'record', status: {} },
    { kind: 'fence', node: 'a', method: 'stopRedis', epoch },
    handOver,
    promote,
  ] as const)
    assert.deepEqual(stillSound([stop, start, repoint, other], [failed]), []);
});

test('a switchover does not go on without the units stopped, nor does anything that would follow it', () => {
  assert.deepEqual(stillSound([handOver, start, other], [stop]), []);
});

test('after a failover, units that do not stop are started nowhere else, and replicas join all the same', () => {
  assert.deepEqual(stillSound([start, repoint, other], [stop]), [repoint, other]);
});

test('a unit that does not start keeps no replica from joining', () => {
  assert.deepEqual(stillSound([repoint, other], [start]), [repoint, other]);
});

test('a node whose data could not be kept is not demoted, and the others are looked after', () => {
  assert.deepEqual(stillSound([repoint, other], [preserve]), [other]);
});
