import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fence, LastSeen } from '../../crd/status.ts';
import { bestCandidate, whyNotLead } from '../../reconcilers/candidate.ts';
import type { Memory, NodeMemory } from '../../reconcilers/memory.ts';
import { emptyMemory, isoTime } from '../../reconcilers/memory.ts';
import type {
  HostView,
  NodeObservation,
  PrimaryView,
  RedisView,
  ReplicaView,
  UnitView,
} from '../../reconcilers/observation.ts';
import type { Situation } from '../../reconcilers/situation.ts';
import { serverView } from '../world/server-view.ts';
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
  ...serverView,
  role: 'replica',
  replicationId: 'old',
  offset: 1_000_000,
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
  const at = (redis: RedisView, memory: Memory, config = {}) => {
    const bare = situation({ linkDownSeconds: 1, config }, { memory });
    const nodes = bare.observation.nodes.map((node) => (node.name === 'a' ? { ...node, redis } : node));
    return reason({ ...bare, observation: { nodes } });
  };
  const watched = (of: string, ago = 2_000): Memory => ({
    ...emptyMemory,
    nodes: { b: { heard: { of, at: -ago } } },
  });
  const silent: RedisView = { state: 'silent' };
  assert.equal(at(silent, emptyMemory), 'CandidateStalenessUnknown');
  assert.equal(at(silent, watched('a:6379')), undefined);
  assert.equal(at(silent, watched('z:1')), 'CandidateStalenessUnknown');
  assert.equal(at(silent, emptyMemory, { 'repl-timeout': '10' }), undefined);
  // A process that is gone took the link with it: also where there is no host to tell when it ended.
  const refused: RedisView = { state: 'refused' };
  assert.equal(at(refused, emptyMemory), undefined);
  assert.equal(at(refused, watched('a:6379', 60_000)), 'CandidateStalenessUnknown');
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
  // It found out long after: it hung, or was cut off, and who knows since when.
  assert.equal(ended(600, 594), 'CandidateStalenessUnknown');
});

/** `a` answers as a replica of `b`. */
function demoted(
  a: Partial<ReplicaView>,
  change: Partial<Situation> = {},
  b: Partial<ReplicaView> = {},
): Situation {
  const bare = situation(b, change);
  const of = { host: 'b', port: 6379 };
  const nodes = bare.observation.nodes.map((node) =>
    node.name === 'a' ? { ...node, redis: { ...replica, of, ...a } } : node,
  );
  return { ...bare, observation: { nodes } };
}

test('a link that was found lost by a replica that may have hung until then tells nothing of how long it was silent (seed 1379)', () => {
  const silent = (linkDownSeconds: number, redisSilentAt?: number) => {
    const redisUnit = { ...unitOf('redis-server.service'), state: 'stopped', endedSeconds: 50 } as const;
    const b: NodeMemory = redisSilentAt === undefined ? {} : { redisSilentAt };
    const bare = situation({ linkDownSeconds }, { memory: { ...emptyMemory, nodes: { b } } });
    const nodes = bare.observation.nodes.map((node) =>
      node.name === 'a' ? { ...node, host: { ...host, redisUnit } as HostView } : node,
    );
    return reason({ ...bare, observation: { nodes } });
  };
  assert.equal(silent(0), undefined);
  assert.equal(silent(0, -1_000), 'CandidateStalenessUnknown');
  // It was out of our sight, and found out meanwhile.
  assert.equal(silent(20, -1_000), undefined);
});

test('a demoted primary that came back without what it was seen to hold does not lead again unasked (seed 1931)', () => {
  const back = (offset: number, change: Partial<Situation> = {}) =>
    whyNotLead(demoted({ offset }, change), 'a', 'a', false)?.reason;
  assert.equal(back(1_000_500), undefined);
  assert.equal(back(400), 'CandidateTooFarBehind');
  assert.equal(back(400, { wishes: { acceptDataOf: { node: 'a', epoch: 3 } } }), undefined);
  assert.equal(back(400, { memory: emptyMemory }), undefined);
});

test('a demoted primary that came back with other data is no measure of who is close behind, nor does it lead (seed 3698)', () => {
  const { linkDownSeconds: _never, ...unlinked } = { ...replica, replicationId: 'new', offset: 0, keys: 0 };
  const back = (change: Partial<ReplicaView>) => {
    const of = demoted(unlinked, {}, { replicationId: 'older', offset: 900 });
    const nodes = of.observation.nodes.map((node) =>
      node.name === 'a' ? { ...node, redis: { ...unlinked, ...change } } : node,
    );
    const again = { ...of, observation: { nodes } };
    return ['a', 'b'].map((name) => whyNotLead(again, name, 'a', false)?.reason);
  };
  assert.deepEqual(back({}), ['CandidateHistoryUnknown', 'CandidateHistoryUnknown']);
  // Demoted by hand, it copied what the other one wrote.
  assert.deepEqual(back({ linkDownSeconds: 1 }), [undefined, undefined]);
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

/** `a` came back with an older snapshot, and went on from there in a history of its own. */
function returned(b: Partial<ReplicaView>, c: Partial<ReplicaView>): Situation {
  const { of: _of, link: _link, linkDownSeconds: _down, ...server } = replica;
  const a: PrimaryView = {
    ...server,
    role: 'primary',
    runId: 'next run',
    replicationId: 'next life',
    offset: 9_500_000,
    previousReplicationId: 'older',
    previousEndOffset: 400_001,
    replicas: [],
  };
  const bare = situation(b, {}, c);
  const nodes = bare.observation.nodes.map((node) => (node.name === 'a' ? { ...node, redis: a } : node));
  return {
    ...bare,
    spec: { ...bare.spec, failover: { ...bare.spec.failover, maxLagBytes: 1_000 } },
    status: { ...bare.status, primaryReplicationId: 'old' },
    observation: { nodes },
  };
}

test('what a primary that came back with less wrote since is no measure of who may lead in its place (seeds 492 and 565)', () => {
  // Both continue the history that the snapshot is of; what a wrote since would make c look far behind.
  const past = { previousReplicationId: 'older', previousEndOffset: 500_001 };
  const of = returned({ offset: 1_000_000 }, { offset: 3_000_000, ...past });
  assert.equal(whyNotLead(of, 'c', 'a', false), undefined);
  assert.deepEqual(bestCandidate(of, 'a'), { name: 'c' });
});

test('who was asked for takes over from a dead primary, unless another one holds too much more (seed 776)', () => {
  const chosen = (asked: number, other: number) =>
    bestCandidate(returned({ offset: asked }, { offset: other }), 'a', 'b');
  assert.deepEqual(chosen(999_500, 1_000_000), { name: 'b' });
  assert.deepEqual(chosen(500_000, 1_000_000), { name: 'c' });
  // In a history that is not on record, it holds what was lost before.
  const elsewhere = returned({ replicationId: 'older', offset: 2_000_000 }, { offset: 1_000_000 });
  assert.deepEqual(bestCandidate(elsewhere, 'a', 'b'), { name: 'c' });
});
