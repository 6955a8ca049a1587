import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fence, LastSeen } from '../../crd/status.ts';
import { bestCandidate, whyNotLead } from '../../reconcilers/candidate.ts';
import type { Memory, NodeMemory } from '../../reconcilers/memory.ts';
import { emptyMemory, isoTime } from '../../reconcilers/memory.ts';
import type { HostView, NodeObservation, ReplicaView, UnitView } from '../../reconcilers/observation.ts';
import type { Situation } from '../../reconcilers/situation.ts';
import { simSpec, units } from '../world/sim-group.ts';

const unitOf = (name: string): UnitView => ({
  name,
  state: 'stopped',
  result: 'success',
  restarts: 0,
  enabledAtBoot: false,
  restartsItself: false,
});

const host: HostView = { state: 'answers', bootId: 'boot', epoch: 1, units: units.map(unitOf) };

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

/** The primary as it was seen so long before `now` (ms). */
const seen = (msAgo: number): LastSeen => ({
  replicationId: 'old',
  offset: 1_000_500,
  time: isoTime(0 - msAgo),
});

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
      nodes: { a: { lastSeen: seen(1_000) } },
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

/** simSpec: 5 s until a primary counts as unreachable, no lease; 30 s on top of that. */
const tolerated = 35;

test('a replica whose age nobody can tell may not, until an operator accepts its data for this epoch', () => {
  const unwatched = { memory: emptyMemory };
  const heard = (seconds: number): Partial<ReplicaView> => ({ link: 'up', lastIoSeconds: seconds });
  assert.equal(reason(situation(heard(tolerated + 1), unwatched)), 'CandidateStalenessUnknown');
  assert.equal(reason(situation(heard(tolerated), unwatched)), undefined);
  const accepted = { ...unwatched, wishes: { acceptDataOf: { node: 'b', epoch: 3 } } };
  assert.equal(reason(situation(heard(tolerated + 1), accepted)), undefined);
  const stale = { ...unwatched, wishes: { acceptDataOf: { node: 'b', epoch: 2 } } };
  assert.equal(reason(situation(heard(tolerated + 1), stale)), 'CandidateStalenessUnknown');
});

test('a link that went down while nobody looked may have been silent for repl-timeout before', () => {
  const lost = (memory: Memory) => reason(situation({ linkDownSeconds: 1 }, { memory }));
  const watched = (of: string): Memory => ({ ...emptyMemory, nodes: { b: { heard: { of, at: -2_000 } } } });
  assert.equal(lost(emptyMemory), 'CandidateStalenessUnknown');
  assert.equal(lost(watched('a:6379')), undefined);
  assert.equal(lost(watched('z:1')), 'CandidateStalenessUnknown');
  const short = situation({ linkDownSeconds: 1, config: { 'repl-timeout': '10' } }, { memory: emptyMemory });
  assert.equal(reason(short), undefined);
});

test('a link that went down when the process ended had heard it to its end, however long ago', () => {
  const ended = (endedSeconds: number, linkDownSeconds: number) => {
    const redisUnit = { ...unitOf('redis-server.service'), state: 'failed', endedSeconds } as const;
    const bare = situation({ linkDownSeconds }, { memory: emptyMemory });
    const nodes = bare.observation.nodes.map((node) =>
      node.name === 'a' ? { ...node, host: { ...host, redisUnit } as HostView } : node,
    );
    return reason({ ...bare, observation: { nodes } });
  };
  assert.equal(ended(600, 601), undefined);
  assert.equal(ended(600, 700), 'CandidateStalenessUnknown');
});

/** Both saw the last of `a` ten minutes ago. */
const longAgo = -600_000;
const unheardFor = (a: Partial<NodeMemory> & { lastSeen: LastSeen }, change: Partial<Situation> = {}) =>
  reason(
    situation(
      { linkDownSeconds: 540 },
      {
        memory: {
          ...emptyMemory,
          nodes: { a, b: { heard: { of: 'a:6379', at: longAgo } } },
        },
        ...change,
      },
    ),
  );

test('a replica that was close behind long ago may not, where the primary may have gone on taking writes', () => {
  const refusing: LastSeen = { ...seen(600_000), refusesAlone: true };
  const alone = { b: { until: longAgo, isOver: true } };
  assert.equal(unheardFor({ lastSeen: seen(600_000), attended: alone }), 'CandidateStalenessUnknown');
  assert.equal(unheardFor({ lastSeen: refusing, attended: alone }), undefined);
  // Another replica, out of sight as well, may have acknowledged all the while.
  const beside = { ...alone, c: { until: 0, isOver: false } };
  assert.equal(unheardFor({ lastSeen: refusing, attended: beside }), 'CandidateStalenessUnknown');
  assert.equal(unheardFor({ lastSeen: seen(30_000), attended: beside }), undefined);
});

test('a primary that was off long ago has taken nothing since', () => {
  const a: NodeObservation = { name: 'a', redis: { state: 'silent' }, host: { state: 'silent' } };
  const nodes = [a, ...situation({ linkDownSeconds: 540 }).observation.nodes.slice(1)];
  const fence: Fence = { node: 'a', proof: 'PoweredOff', epoch: 3, time: isoTime(longAgo + 20_000) };
  const lastSeen = seen(600_000);
  const off = (time: number) => {
    const { status } = situation({});
    const fences = [{ ...fence, time: isoTime(time) }];
    return unheardFor({ lastSeen }, { observation: { nodes }, status: { ...status, fences } });
  };
  assert.equal(off(longAgo + 20_000), undefined);
  assert.equal(off(longAgo + 60_000), 'CandidateStalenessUnknown');
});

test('of a replica that was far behind, only what the primary was seen with tells how far', () => {
  const { status } = situation({});
  const nodes = status.nodes?.map((node) =>
    node.name === 'b' ? { ...node, inSync: false, lagBytes: 5_000_000 } : node,
  );
  const behind = (memory: Memory) =>
    reason(situation({ link: 'up', lastIoSeconds: 0 }, { memory, status: { ...status, nodes } }));
  assert.equal(behind(emptyMemory), 'CandidateStalenessUnknown');
  assert.equal(behind({ ...emptyMemory, nodes: { a: { lastSeen: seen(10_000) } } }), undefined);
  assert.equal(
    behind({ ...emptyMemory, nodes: { a: { lastSeen: seen(60_000) } } }),
    'CandidateStalenessUnknown',
  );
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
