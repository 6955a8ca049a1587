import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestCandidate, whyNotLead } from '../../reconcilers/candidate.ts';
import { emptyMemory } from '../../reconcilers/memory.ts';
import type { HostView, NodeObservation, ReplicaView } from '../../reconcilers/observation.ts';
import type { Situation } from '../../reconcilers/situation.ts';
import { simSpec, units } from '../world/sim-group.ts';

const host: HostView = {
  state: 'answers',
  bootId: 'boot',
  epoch: 1,
  units: units.map((name) => ({
    name,
    state: 'stopped',
    result: 'success',
    restarts: 0,
    enabledAtBoot: false,
    restartsItself: false,
  })),
};

const replica: ReplicaView = {
  state: 'answers',
  role: 'replica',
  runId: 'run',
  replicationId: 'old',
  offset: 1_000_000,
  keys: 10,
  usedMemoryBytes: 1,
  diskFailing: false,
  config: {},
  otherAgent: false,
  priority: 100,
  of: { host: 'a', port: 6379 },
  link: 'down',
  linkDownSeconds: 1,
};

/** ct `a` died; `b` (and `c`, when given) were its replicas in sync. */
function situation(
  b: Partial<ReplicaView>,
  change: Partial<Situation> = {},
  c?: Partial<ReplicaView>,
): Situation {
  const names = c === undefined ? ['a', 'b'] : ['a', 'b', 'c'];
  const dead: NodeObservation = { name: 'a', redis: { state: 'refused' }, host };
  const alive = (name: string, view: Partial<ReplicaView>): NodeObservation => ({
    name,
    redis: { ...replica, ...view },
    host,
  });
  return {
    spec: simSpec(names),
    generation: 1,
    wishes: {},
    status: {
      epoch: 3,
      currentPrimary: 'a',
      nodes: names.map((name) => ({
        name,
        role: 'unknown',
        reachable: true,
        ...(name === 'a' ? {} : { inSync: true }),
      })),
    },
    observation: { nodes: [dead, alive('b', b), ...(c === undefined ? [] : [alive('c', c)])] },
    memory: {
      ...emptyMemory,
      nodes: { a: { lastSeen: { replicationId: 'old', offset: 1_000_500, time: '' } } },
    },
    now: 0,
    ...change,
  };
}

const reason = (of: Situation): string | undefined => whyNotLead(of, 'b', 'a', false)?.reason;

test('a replica that was in sync and is close behind may take over', () => {
  assert.equal(reason(situation({})), undefined);
});

test('a replica that lacks more than maxLagBytes of what the primary was seen with may not', () => {
  assert.equal(reason(situation({ offset: 400 })), 'CandidateTooFarBehind');
});

test('a replica that copies the data set may not', () => {
  assert.equal(reason(situation({ link: 'syncing' })), 'CandidateSyncing');
});

test('a replica that was never seen in sync may not', () => {
  assert.equal(reason(situation({}, { status: { epoch: 3, currentPrimary: 'a' } })), 'CandidateNeverInSync');
});

test('a replica of something else may not, nor one of another history', () => {
  assert.equal(
    reason(situation({ of: { host: 'z', port: 1 }, replicationId: 'other' })),
    'CandidateNotReplica',
  );
  assert.equal(reason(situation({ replicationId: 'other' })), 'CandidateHistoryUnknown');
});

test('a replica whose age nobody can tell may not, until an operator accepts its data for this epoch', () => {
  const unwatched = { memory: emptyMemory };
  assert.equal(reason(situation({ linkDownSeconds: 31 }, unwatched)), 'CandidateStalenessUnknown');
  assert.equal(reason(situation({ linkDownSeconds: 30 }, unwatched)), undefined);
  const accepted = { ...unwatched, wishes: { acceptDataOf: { node: 'b', epoch: 3 } } };
  assert.equal(reason(situation({ linkDownSeconds: 31 }, accepted)), undefined);
  const stale = { ...unwatched, wishes: { acceptDataOf: { node: 'b', epoch: 2 } } };
  assert.equal(reason(situation({ linkDownSeconds: 31 }, stale)), 'CandidateStalenessUnknown');
});

test('a replica that was restarted and had no link since may not, when nobody watched the primary', () => {
  const { linkDownSeconds: _never, ...restarted } = replica;
  const nodes = (link: ReplicaView['link']): NodeObservation[] => [
    { name: 'a', redis: { state: 'refused' }, host },
    { name: 'b', redis: { ...restarted, link }, host },
  ];
  const unwatched = (link: ReplicaView['link']) =>
    situation({}, { memory: emptyMemory, observation: { nodes: nodes(link) } });
  assert.equal(reason(unwatched('down')), 'CandidateStalenessUnknown');
  // Up though the primary is gone: it heard it a moment ago.
  assert.equal(reason(unwatched('up')), undefined);
});

test('a replica with a failing disk may not, nor one that Redis itself bars', () => {
  assert.equal(reason(situation({ diskFailing: true })), 'CandidateDiskFailing');
  assert.equal(reason(situation({ priority: 0 })), 'CandidatePriorityZero');
});

test('for a switchover the link must be up and the units known there', () => {
  const planned = (of: Situation) => whyNotLead(of, 'b', 'a', true)?.reason;
  assert.equal(planned(situation({ link: 'down' })), 'CandidateLinkDown');
  const bare = situation({ link: 'up' });
  const nodes = bare.observation.nodes.map((node) =>
    node.name === 'b' ? { ...node, host: { ...host, units: [] } as HostView } : node,
  );
  assert.equal(planned({ ...bare, observation: { nodes } }), 'CandidateUnitMissing');
  const mute = bare.observation.nodes.map((node) =>
    node.name === 'b' ? { ...node, host: { state: 'silent' } as HostView } : node,
  );
  assert.equal(planned({ ...bare, observation: { nodes: mute } }), 'CandidateHostSilent');
});

test('of several the one with the most data takes over, and the requested one when they hold the same', () => {
  const chosen = (of: Situation) => bestCandidate(of, 'a');
  assert.deepEqual(chosen(situation({ offset: 999_000 }, {}, { offset: 999_999 })), { name: 'c' });
  const requested = situation({}, {}, {});
  assert.deepEqual(chosen({ ...requested, spec: { ...requested.spec, primary: 'c' } }), { name: 'c' });
});
