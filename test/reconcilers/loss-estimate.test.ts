import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transition } from '../../crd/status.ts';
import { countedLosses } from '../../reconcilers/counted-losses.ts';
import type { Change } from '../../reconcilers/lead.ts';
import { estimateLoss, recountLoss } from '../../reconcilers/loss-estimate.ts';
import type { Memory, Progress } from '../../reconcilers/memory.ts';
import { emptyMemory } from '../../reconcilers/memory.ts';
import type { PrimaryView } from '../../reconcilers/observation.ts';
import type { Situation } from '../../reconcilers/situation.ts';
import { openTransition } from '../../reconcilers/transition.ts';
import { SimGroup, simSpec } from '../world/sim-group.ts';
import { endProcess, startProcess } from '../world/sim-redis.ts';

const died = '2026-11-23T08:10:00.000Z';
const before = (ms: number): string => new Date(Date.parse(died) - ms).toISOString();

const change = (cause: string, seenMsBefore: number, offset: number): Transition => ({
  kind: 'Failover',
  from: 'a',
  to: 'b',
  epoch: 2,
  fromEpoch: 1,
  step: 'Repoint',
  cause,
  startTime: died,
  lastSeen: {
    replicationId: 'old',
    offset,
    bytesPerSecond: 1_000,
    refusesAlone: true,
    time: before(seenMsBefore),
  },
});

/** The new primary has the old one's stream up to 10,000. */
const current = {
  replicationId: 'new',
  offset: 10_500,
  previousReplicationId: 'old',
  previousEndOffset: 10_001,
};

test('of a primary that died beside its replicas, a second at its pace may be lost', () => {
  assert.deepEqual(estimateLoss(change('PrimaryProcessDead', 700, 10_000), current), {
    bytes: 1_000,
    exact: false,
  });
});

test('what it was seen to have alone comes on top of what it took unseen', () => {
  // Chaos, seed 7: cut off from its replica for 1.8 s, seen 0.75 s before it died.
  assert.equal(estimateLoss(change('PrimaryProcessDead', 750, 11_050), current)?.bytes, 2_050);
});

test('one that was not seen for long may have taken writes alone as long, until it refuses them', () => {
  assert.equal(estimateLoss(change('PrimaryProcessDead', 2_500, 10_000), current)?.bytes, 2_500);
  assert.equal(estimateLoss(change('PrimaryProcessDead', 60_000, 10_000), current)?.bytes, 4_000);
  assert.equal(estimateLoss(change('PrimaryHung', 500, 10_000), current)?.bytes, 4_000);
});

test('one that did not refuse writes, or was not heard of for longer, may have taken them all the while', () => {
  const open = change('PrimaryHung', 60_000, 10_000);
  const { refusesAlone: _not, ...taking } = open.lastSeen ?? assert.fail('never seen');
  assert.equal(estimateLoss({ ...open, lastSeen: taking }, current)?.bytes, 60_000);
  assert.equal(estimateLoss({ ...open, unheardSeconds: 3_600 }, current)?.bytes, 3_600_000);
  const stopped = change('PrimaryStopped', 500, 10_000);
  assert.equal(estimateLoss({ ...stopped, unheardSeconds: 0 }, current)?.bytes, 0);
  assert.equal(estimateLoss({ ...stopped, unheardSeconds: 20 }, current)?.bytes, 20_000);
});

test('a clean stop waits for the replicas, and of a primary never seen nothing is said', () => {
  assert.equal(estimateLoss(change('PrimaryStopped', 500, 9_000), current)?.bytes, 0);
  const { lastSeen: _never, ...unseen } = change('PrimaryHung', 0, 0);
  assert.equal(estimateLoss(unseen, current), undefined);
});

test('of a primary that had just taken over, the pace of the one before counts', async () => {
  const group = new SimGroup(['ct100', 'ct101'], 15);
  assert.ok(await group.settle());
  await group.pass();
  const decided = group.events.find((event) => event.kind === 'decided');
  assert.ok(decided?.kind === 'decided');
  const { situation } = decided;
  const before = { replicationId: 'before', offset: 0, at: 0, bytesPerSecond: 700 };
  const lastSeen = { replicationId: 'new', offset: 5, time: died };
  const memory: Memory = {
    ...situation.memory,
    nodes: { ct100: { pace: before }, ct101: { lastSeen } },
  };
  const lost = { kind: 'Failover', from: 'ct101', to: 'ct100', how: 'promote', cause: 'PrimaryProcessDead' };
  const opened = (of: Memory): number | undefined =>
    openTransition({ ...situation, memory: of }, lost as Change, 'Promote').lastSeen?.bytesPerSecond;
  assert.equal(opened(memory), 700);
  const measured = { ...lastSeen, bytesPerSecond: 0 };
  assert.equal(opened({ ...memory, nodes: { ...memory.nodes, ct101: { lastSeen: measured } } }), 0);
});

test('of a primary that came back unseen, the record of the change under way tells what it was', async () => {
  // Chaos, seed 24: the controller died in a switchover, the primary died and came back, the next controller saw that.
  const group = new SimGroup(['ct100', 'ct101']);
  assert.ok(await group.settle());
  await group.pass();
  const decided = group.events.find((event) => event.kind === 'decided');
  assert.ok(decided?.kind === 'decided');
  const { situation } = decided;
  const former = { replicationId: 'former', offset: 900, bytesPerSecond: 70, time: died };
  const switchover = change('Requested', 0, 0);
  const open: Transition = {
    ...switchover,
    kind: 'Switchover',
    from: 'ct100',
    to: 'ct101',
    lastSeen: former,
  };
  const now = { replicationId: 'new life', offset: 0, time: died };
  const lost = {
    kind: 'Failover',
    from: 'ct100',
    to: 'ct101',
    how: 'promote',
    cause: 'PrimaryRestartedStale',
  };
  const opened = openTransition(
    {
      ...situation,
      status: { ...situation.status, transition: open },
      memory: { ...situation.memory, nodes: { ct100: { lastSeen: now } } },
    },
    lost as Change,
    'Promote',
  );
  assert.equal(opened.lastSeen?.replicationId, 'former');
  assert.notEqual(opened.startTime, open.startTime);
});

/** ct100 was written to for three seconds, and has handed over to ct101 then. */
async function writtenToAndMoved(): Promise<SimGroup> {
  const group = new SimGroup(['ct100', 'ct101'], 15);
  assert.ok(await group.settle());
  for (let second = 0; second < 3; second += 1) {
    group.world.write();
    group.world.advance(1_000);
    await group.pass();
  }
  group.edit({ primary: 'ct101' });
  assert.ok(await group.settle());
  return group;
}

test('of a primary that died before this process began, the pace of the change before is what its loss is estimated by', async () => {
  // Chaos, seed 24: a controller that was killed and started again found the primary dead, and counted nothing.
  const group = await writtenToAndMoved();
  const { world } = group;
  const pace = group.status.lastTransition?.lastSeen?.bytesPerSecond ?? 0;
  assert.ok(pace > 0);
  endProcess(world.get('ct101'), 'crashed', world.now);
  group.restart();
  for (let pass = 0; pass < 8; pass += 1) {
    await group.pass();
    world.advance(500);
  }
  const { lastTransition } = group.status;
  assert.equal(lastTransition?.kind, 'Failover');
  assert.ok((lastTransition.lostBytes ?? 0) >= pace, `counted ${lastTransition.lostBytes}`);
  assert.equal(lastTransition.lostBytesExact, false);
});

test('of a primary that restarted twice before this process began, no loss of nothing is told', async () => {
  // Chaos, seed 103: nothing links what it is now to what it was; 0 was counted, and called exact.
  const group = await writtenToAndMoved();
  const { world } = group;
  const died = world.get('ct101');
  for (let life = 0; life < 2; life += 1) {
    died.snapshot = died.data;
    endProcess(died, 'crashed', world.now);
    startProcess(died, world.now);
  }
  group.restart();
  assert.ok(await group.settle());
  const { lastTransition } = group.status;
  assert.equal(lastTransition?.cause, 'PrimaryRestartedStale');
  assert.ok((lastTransition.lostBytes ?? 0) > 0, `counted ${lastTransition.lostBytes}`);
  assert.equal(lastTransition.lostBytesExact, false);
});

test('what a primary took after it came back comes on top of what it was lost with', () => {
  // Chaos, seed 103: it took writes for a second more until it was demoted.
  const last = change('PrimaryRestartedStale', 700, 10_000);
  const role = 'primary' as const;
  const life = { role, replicationId: 'next life', previousReplicationId: 'old', previousEndOffset: 9_501 };
  assert.deepEqual(recountLoss(last, current, { ...life, offset: 9_900 }), { bytes: 1_400, exact: false });
  assert.deepEqual(recountLoss(last, current, { ...life, offset: 9_500 }), { bytes: 1_000, exact: false });
  // One that came back with nothing began a history of its own: all of that is its own.
  const empty = { role, replicationId: 'fresh', offset: 300 };
  assert.deepEqual(recountLoss(last, current, empty), { bytes: 1_300, exact: false });
  // The process that was lost, back from a hang, tells all of it itself.
  const same = { role, replicationId: 'old', offset: 10_070 };
  assert.deepEqual(recountLoss(last, current, same), { bytes: 70, exact: true });
});

test('what a change has cost is told by what the new primary held when it was promoted, though it was restarted since', () => {
  // The model: a write was seen and lost, and the new primary's next life names a history that knows nothing of it.
  const open = { ...change('PrimaryHung', 500, 10_050), from: 'ct100', to: 'ct101' };
  const restarted = { replicationId: 'next life', offset: 10_000, previousReplicationId: 'new' };
  const observation = {
    nodes: [{ name: 'ct101', redis: { ...primaryView, ...restarted }, host: { state: 'silent' as const } }],
  };
  const situation: Situation = {
    spec: simSpec(['ct100', 'ct101']),
    generation: 1,
    wishes: {},
    status: { epoch: 2, transition: open },
    observation,
    memory: emptyMemory,
    now: Date.parse(died),
  };
  const progress: Progress = {
    epoch: 2,
    handedOver: false,
    persisted: [],
    decidedAt: 0,
    unknowns: 0,
    promotedWith: { replicationId: 'old', offset: 10_000 },
  };
  assert.equal(countedLosses(situation, open, progress).lostBytes, 4_050);
});

const primaryView: PrimaryView = {
  state: 'answers',
  role: 'primary',
  runId: 'run',
  replicationId: 'new',
  offset: 0,
  keys: 1,
  usedMemoryBytes: 1,
  diskFailing: false,
  config: {},
  otherAgent: false,
  priority: 100,
  replicas: [],
};

test('an old primary that came back as a replica may be another process, however its history is called (seed 486)', () => {
  // Its snapshot keeps the replication id, and a replica goes on under it.
  const last = change('PrimaryProcessDead', 0, 10_080);
  const back = { role: 'replica' as const, replicationId: 'old', offset: 9_990 };
  assert.equal(recountLoss(last, current, back)?.exact, false);
});
