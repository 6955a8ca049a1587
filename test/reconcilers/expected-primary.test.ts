import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedPrimary } from '../../reconcilers/expected-primary.ts';
import { emptyMemory } from '../../reconcilers/memory.ts';
import type { PrimaryView, RedisView, ReplicaView } from '../../reconcilers/observation.ts';
import type { Situation } from '../../reconcilers/situation.ts';
import { simSpec } from '../world/sim-group.ts';

const data = {
  state: 'answers' as const,
  runId: 'run',
  replicationId: 'one',
  offset: 100,
  keys: 5,
  usedMemoryBytes: 1,
  diskFailing: false,
  config: {},
  otherAgent: false,
  priority: 100,
};
const primary: PrimaryView = { ...data, role: 'primary', replicas: [] };
const replicaOf = (host: string, change: Partial<ReplicaView> = {}): ReplicaView => ({
  ...data,
  role: 'replica',
  of: { host, port: 6379 },
  link: 'up',
  ...change,
});

function situation(a: RedisView, b: RedisView, change: Partial<Situation> = {}): Situation {
  const nodes = Object.entries({ a, b }).map(([name, redis]) => ({
    name,
    redis,
    host: { state: 'none' as const },
  }));
  return {
    spec: simSpec(['a', 'b']),
    generation: 1,
    wishes: {},
    status: {},
    observation: { nodes },
    memory: emptyMemory,
    now: 0,
    ...change,
  };
}

test('with no record, the one whose data holds everybody else’s leads', () => {
  assert.deepEqual(expectedPrimary(situation(primary, replicaOf('a'))), {
    kind: 'node',
    node: 'a',
    adopted: 'first',
  });
  assert.deepEqual(expectedPrimary(situation(replicaOf('b'), primary)), {
    kind: 'node',
    node: 'b',
    adopted: 'first',
  });
});

test('a replica that knows its primary under another spelling of the address follows it all the same', () => {
  assert.deepEqual(expectedPrimary(situation(primary, replicaOf('a.example'))), {
    kind: 'node',
    node: 'a',
    adopted: 'first',
  });
});

test('two that hold different data are not chosen between, until an operator does', () => {
  const split = situation(primary, { ...primary, replicationId: 'other' });
  const expected = expectedPrimary(split);
  assert.equal(expected.kind === 'none' && expected.finding.reason, 'SplitBrainUndecided');
  const answered = { ...split, wishes: { acceptDataOf: { node: 'b', epoch: 0 } } };
  assert.deepEqual(expectedPrimary(answered), { kind: 'node', node: 'b', adopted: 'first' });
});

test('an empty server is part of any', () => {
  const empty = { ...primary, replicationId: 'other', keys: 0 };
  assert.deepEqual(expectedPrimary(situation(empty, primary)), { kind: 'node', node: 'b', adopted: 'first' });
});

test('nobody is chosen while a node does not answer and nothing is on record', () => {
  const expected = expectedPrimary(situation(primary, { state: 'silent' }));
  assert.equal(expected.kind === 'none' && expected.finding.reason, 'NoPrimaryKnown');
});

test('a group that follows a server of another group is left with it', () => {
  const away = { replicationId: 'theirs' };
  const expected = expectedPrimary(
    situation(replicaOf('z', away), replicaOf('z', away), { status: { epoch: 2, currentPrimary: 'a' } }),
  );
  assert.equal(expected.kind === 'none' && expected.finding.reason, 'FollowsStranger');
});
