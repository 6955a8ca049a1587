import assert from 'node:assert/strict';
import { test } from 'node:test';
import { executeAction } from '../../controller/execute/execute-action.ts';
import { acceptDataOfAnnotation, confirmFencedAnnotation } from '../../crd/annotations.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import { bestCandidate } from '../../reconcilers/candidate.ts';
import type { Memory } from '../../reconcilers/memory.ts';
import { emptyMemory, isoTime } from '../../reconcilers/memory.ts';
import type { PrimaryView, ReplicaView } from '../../reconcilers/observation.ts';
import { noteOutcome } from '../../reconcilers/progress.ts';
import { holdsMoreThan } from '../../reconcilers/replication-history.ts';
import type { Situation } from '../../reconcilers/situation.ts';
import { isCurrentWish } from '../../reconcilers/situation.ts';
import { isUnderWay, openTransition } from '../../reconcilers/transition.ts';
import { serverView } from '../world/server-view.ts';
import { SimGroup, simSpec } from '../world/sim-group.ts';
import { simClock, simNodes } from '../world/sim-ports.ts';
import { becomeReplica, endProcess, freshData, startProcess } from '../world/sim-redis.ts';

/** What the simulator found, told again without it. The seeds are those of the code as it was then (76554e8 and what followed). */

async function begin(): Promise<SimGroup> {
  const group = new SimGroup(['a', 'b']);
  group.spec = { ...group.spec, failover: { ...group.spec.failover, cooldownSeconds: 0 } };
  assert.ok(await group.settle());
  for (let write = 0; write < 5; write += 1) group.world.write();
  group.world.advance(10);
  await group.pass();
  return group;
}

function act(group: SimGroup, action: Parameters<typeof executeAction>[1]): Promise<Outcome> {
  const { world, meddling, preserved } = group;
  const nodes = simNodes(world, meddling, preserved);
  return executeAction({ nodes, clock: simClock(world), commandTimeoutMs: 500 }, action);
}

test('a candidate that hears its primary is not promoted, however old the look that wanted it (seeds 7 and 18)', async () => {
  const group = await begin();
  const promote = { kind: 'promote', node: 'b', rescue: false, epoch: 9 } as const;
  const refused = await act(group, { ...promote, unheard: true });
  assert.equal(refused.kind, 'refused');
  assert.equal(group.world.get('b').role, 'replica');
  // A primary that was demoted feeds its replica on; one of them has to lead.
  assert.equal((await act(group, promote)).kind, 'done');
});

test('what a second primary took since it was looked at is not given up without a copy (seeds 25, 3 and 19)', async () => {
  const group = await begin();
  const { world } = group;
  world.promote(world.get('b'));
  const seen = world.get('b').data.offset;
  world.write();
  const repoint = { kind: 'repoint', node: 'b', to: 'a', dropClients: true, epoch: 9 } as const;
  const refused = await act(group, { ...repoint, heldTo: seen });
  assert.equal(refused.kind, 'refused');
  assert.equal(world.get('b').role, 'primary');
  assert.equal(world.get('b').pausedUntil, 0, 'its writes stay paused');
  assert.equal((await act(group, { ...repoint, heldTo: world.get('b').data.offset })).kind, 'done');
});

test('a replica that was promoted by hand since it was looked at is not made a replica again without a copy (seed 898)', async () => {
  const group = await begin();
  const { world } = group;
  const repoint = { kind: 'repoint', node: 'b', to: 'a', dropClients: false, epoch: 9 } as const;
  world.promote(world.get('b'));
  world.write();
  assert.equal((await act(group, repoint)).kind, 'refused');
  assert.equal(world.get('b').role, 'primary');
});

test('what a primary that was demoted by hand alone has is copied before it follows the one that leads (seed 656)', async () => {
  const group = new SimGroup(['a', 'b', 'c']);
  const { world } = group;
  assert.ok(await group.settle());
  world.cut('a', 'b', true);
  world.get('c').lagging = true;
  world.write();
  world.advance(10);
  const own = world.get('a').data.log;
  world.cut('a', 'c', true);
  world.promote(world.get('b'));
  becomeReplica(world.get('c'), 'b', world.now);
  // Nobody is to be made a replica of what is one itself: this operator did.
  becomeReplica(world.get('a'), 'c', world.now);
  world.get('c').lagging = false;
  for (const node of ['b', 'c']) world.cut('a', node, false);
  Object.assign(world.get('a'), { link: 'syncing', syncDoneAt: world.now + 60_000 });
  await group.pass();
  if (world.get('a').of === 'b') assert.deepEqual(group.preserved, [own]);
  assert.ok(await group.settle());
  assert.equal(group.status.currentPrimary, 'b');
  assert.deepEqual(group.preserved, [own]);
});

test('a replica that took another data set meanwhile is not promoted to rescue the one it had (seed 152)', async () => {
  const group = await begin();
  const { replicationId, offset } = group.world.get('b').data;
  const rescue = { kind: 'promote', node: 'b', rescue: true, epoch: 9 } as const;
  const other = { replicationId: 'what it held before', offset };
  assert.equal((await act(group, { ...rescue, held: other })).kind, 'refused');
  assert.equal((await act(group, { ...rescue, held: { replicationId, offset } })).kind, 'done');
});

test('a candidate that restarts between the decision and its promotion is not promoted without its data (seed 3098)', async () => {
  for (const [restartsBefore, disk] of [
    ['claim', 'none'],
    ['claim', 'stale'],
    ['resume', 'none'],
    ['promote', 'none'],
  ] as const) {
    const group = await begin();
    const { world, meddling } = group;
    const b = world.get('b');
    const held = { replicationId: b.data.replicationId, offset: b.data.offset };
    const restart = (): void => {
      b.snapshot = disk === 'none' ? freshData('b anew') : { ...b.data, offset: 1, log: [] };
      endProcess(b, 'crashed', world.now);
      startProcess(b, world.now);
    };
    endProcess(world.get('a'), 'crashed', world.now);
    if (restartsBefore === 'claim') restart();
    else
      meddling.between = (command) => {
        if (command === restartsBefore) restart();
      };
    const promote = { kind: 'promote', node: 'b', rescue: false, unheard: true, epoch: 9, held } as const;
    const outcome = await act(group, promote);
    assert.equal(outcome.kind, 'refused', `restarts before ${restartsBefore}`);
    assert.equal(b.role, 'replica', `restarts before ${restartsBefore}`);
  }
});

test('a replica never holds more of a history than the primary that writes it, whichever was looked at later (seed 4)', () => {
  const view = { replicationId: 'x', previousReplicationId: 'w', previousEndOffset: 50, keys: 1 };
  const primary = { ...view, role: 'primary', offset: 100 } as PrimaryView;
  const replica = { ...view, role: 'replica', previousEndOffset: 40, offset: 140 } as ReplicaView;
  assert.equal(holdsMoreThan(replica, primary), false);
  assert.equal(holdsMoreThan({ ...replica, replicationId: 'w' }, primary), true);
});

test('a failover that is paused right after the promotion is not closed for the old primary (seed 124)', async () => {
  const group = await begin();
  const { world } = group;
  endProcess(world.get('a'), 'crashed', world.now);
  while (world.get('b').role !== 'primary') {
    await group.pass();
    world.advance(5);
  }
  group.edit({ paused: true });
  await group.pass();
  startProcess(world.get('a'), world.now);
  await group.pass();
  group.restart();
  group.edit({ paused: false });
  assert.ok(await group.settle(), JSON.stringify(group.status.conditions));
  assert.equal(group.status.currentPrimary, 'b');
});

test('who drops a change that another process began does so under a new epoch, claimed at every node (seed 27)', async () => {
  const group = await begin();
  group.edit({ primary: 'b' });
  group.meddling.killAfter = 1;
  assert.equal(await group.pass(), 'killed');
  const begun = group.status.transition?.epoch ?? 0;
  assert.ok(begun > 0);
  group.edit({ primary: 'a' });
  await group.pass();
  assert.equal(group.status.transition, undefined);
  assert.ok((group.status.epoch ?? 0) > begun);
  for (const redis of group.world.redis.values()) assert.equal(redis.claimed, group.status.epoch);
});

test('a demoted primary that takes the stage again is not taken for one without its data (seed 251)', async () => {
  const group = await begin();
  const { world } = group;
  const [a, b] = [world.get('a'), world.get('b')];
  b.snapshot = b.data;
  world.write();
  world.advance(10);
  await group.pass();
  // A handover to b, and b is gone and back with less before anything more was recorded.
  becomeReplica(a, 'b', world.now);
  world.promote(b);
  world.write();
  world.advance(10);
  endProcess(b, 'crashed', world.now);
  startProcess(b, world.now);
  becomeReplica(b, 'a', world.now);
  world.advance(10);
  assert.ok(await group.settle(), JSON.stringify(group.status.conditions));
  assert.equal(group.status.currentPrimary, 'a');
  const kept = new Set(world.get('a').data.log);
  assert.deepEqual(
    [...world.acknowledged].filter((write) => !kept.has(write)),
    [],
  );
});

test('a replica that lagged and has heard nothing for long is not promoted by who did not watch it (seed 134)', async () => {
  const group = await begin();
  const { world } = group;
  world.cut('a', 'b', true);
  for (let second = 0; second < 35; second += 1) {
    world.write();
    await group.pass();
    world.advance(1000);
  }
  world.get('a').process = 'hung';
  group.restart();
  for (let second = 0; second < 15; second += 1) {
    await group.pass();
    world.advance(1000);
  }
  assert.equal(world.get('b').link, 'up', 'Redis keeps a link up that nothing comes through');
  assert.equal(world.get('b').role, 'replica');
  assert.equal(group.condition('Ready')?.reason, 'NoEligibleCandidate');
});

test('a demotion whose answer was lost is finished, though the same node was once wholly demoted before (seed 298)', async () => {
  const group = await begin();
  const { world, meddling } = group;
  const b = world.get('b');
  world.promote(b);
  assert.ok(await group.settle());
  assert.equal(b.role, 'replica');
  assert.equal(b.savedRole.role, 'replica');
  world.promote(b);
  b.savedRole = { role: 'primary', of: undefined };
  let lost = false;
  meddling.between = (command, node) => {
    if (node !== 'b' || command !== 'persist' || lost) return;
    lost = true;
    meddling.unknowns.push({ node, applied: false });
  };
  assert.ok(await group.settle(), JSON.stringify(group.status.conditions));
  assert.ok(lost);
  assert.equal(b.role, 'replica');
  assert.equal(b.savedRole.role, 'replica');
});

test('a primary that was told to take writes alone is not trusted to refuse them, whatever became of the order (seed 235)', () => {
  const seen = { replicationId: 'x', offset: 5, refusesAlone: true, time: '2026-11-23T00:00:00.000Z' };
  const memory: Memory = { nodes: { a: { lastSeen: seen } }, poweredOff: [] };
  const open = { 'min-replicas-to-write': '0' };
  const order = {
    kind: 'applyConfig',
    node: 'a',
    settings: open,
    replicationLogin: false,
    epoch: 1,
  } as const;
  const unknown: Outcome = { kind: 'unknown', reason: 'OutcomeUnknown', message: '' };
  for (const outcome of [unknown, { kind: 'done' } as const]) {
    const after = noteOutcome(memory, order, outcome, 7);
    assert.equal(after.nodes.a?.lastSeen?.refusesAlone, false);
  }
  const other = { ...order, settings: { maxmemory: '1' } };
  assert.equal(noteOutcome(memory, other, unknown, 7).nodes.a?.lastSeen?.refusesAlone, true);
});

test('a paused primary that restarts twice with all its data is not taken for one without it (seed 104)', async () => {
  const group = await begin();
  const { world } = group;
  const a = world.get('a');
  world.cut('a', 'b', true);
  group.edit({ paused: true });
  for (let restarts = 0; restarts < 2; restarts += 1) {
    world.write();
    a.snapshot = a.data;
    endProcess(a, 'stopped', world.now);
    startProcess(a, world.now);
    world.advance(1000);
    await group.pass();
    assert.equal(group.condition('PrimaryAvailable')?.reason, 'PrimaryAlive');
  }
});

/** Three nodes whose Redis is told of by SSH and whose units are watched; a leads. */
async function beginUnderLease(): Promise<SimGroup> {
  const group = new SimGroup(['a', 'b', 'c'], 5);
  assert.ok(await group.settle());
  group.world.write();
  for (let second = 0; second < 3; second += 1) {
    group.world.advance(1000);
    await group.pass();
  }
  return group;
}

/** Whoever is on the other side is cut from the controller and from who is on this one. */
function split({ world }: SimGroup, here: readonly string[], there: readonly string[]): void {
  for (const far of there) for (const near of ['@', '@host', ...here]) world.cut(near, far, true);
}

function join({ world }: SimGroup): void {
  for (const one of ['@', '@host', 'a', 'b', 'c'])
    for (const other of ['a', 'b', 'c']) if (one !== other) world.cut(one, other, false);
}

async function letPass(group: SimGroup, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    group.world.write();
    group.world.advance(1000);
    await group.pass();
  }
}

test('a primary that a replica on its own side may keep going is not overtaken by the mere end of its lease (seed 481)', async () => {
  const group = await beginUnderLease();
  const { world } = group;
  split(group, ['b'], ['a', 'c']);
  await letPass(group, 30);
  assert.equal(world.get('b').role, 'replica');
  assert.equal(group.condition('Ready')?.reason, 'FencingMissing');
  assert.match(group.condition('Ready')?.message ?? '', /c does not answer/);
  endProcess(world.get('c'), 'crashed', world.now);
  world.cut('@', 'c', false);
  world.cut('@host', 'c', false);
  // From now on nobody keeps it going, and from a little later on nobody can have.
  await group.pass();
  assert.equal(world.get('b').role, 'replica');
  await letPass(group, 20);
  assert.equal(world.get('b').role, 'primary');
});

test('a primary that a replica on its own side has long kept going is not overtaken unasked, though it is off by then', async () => {
  const group = await beginUnderLease();
  const { world } = group;
  split(group, ['b'], ['a', 'c']);
  for (let write = 0; write < 3; write += 1) world.write();
  await letPass(group, 60);
  const epoch = group.status.epoch ?? 0;
  group.annotations = { [confirmFencedAnnotation]: `a@${epoch}` };
  world.power('a', false);
  await letPass(group, 10);
  assert.equal(world.get('b').role, 'replica');
  assert.match(group.condition('Ready')?.message ?? '', /accept-data-of: "b@\d+"/);
  group.annotations = { ...group.annotations, [acceptDataOfAnnotation]: `b@${epoch}` };
  await letPass(group, 10);
  assert.equal(world.get('b').role, 'primary');
});

test('a replica with another history is not repointed by the offsets of two histories (seed 570)', async () => {
  const group = await beginUnderLease();
  const { world } = group;
  const [a, b, c] = [world.get('a'), world.get('b'), world.get('c')];
  world.cut('a', 'b', true);
  world.cut('a', 'c', true);
  a.config['min-replicas-to-write'] = '0';
  for (let write = 0; write < 3; write += 1) world.write();
  world.promote(c);
  becomeReplica(b, 'c', world.now);
  becomeReplica(a, 'c', world.now);
  await letPass(group, 20);
  assert.equal(group.status.currentPrimary, 'c');
  const held = [...a.data.log];
  world.cut('a', 'b', false);
  split(group, ['a', 'b'], ['c']);
  await letPass(group, 40);
  assert.equal(b.role, 'primary');
  const kept = new Set([...a.data.log, ...b.data.log, ...group.preserved.flat()]);
  assert.deepEqual(
    held.filter((write) => !kept.has(write)),
    [],
  );
});

test('a replica that was far behind on a link that was up is not promoted by who did not watch it (seed 996)', async () => {
  const group = await begin();
  const { world } = group;
  group.edit({ failover: { ...group.spec.failover, maxLagBytes: 0 } });
  world.get('b').lagging = true;
  for (let second = 0; second < 5; second += 1) {
    world.write();
    world.advance(1000);
    await group.pass();
  }
  endProcess(world.get('a'), 'crashed', world.now);
  group.restart();
  await letPass(group, 15);
  assert.equal(world.get('b').role, 'replica');
  assert.equal(group.condition('Ready')?.reason, 'NoEligibleCandidate');
});

test('what comes after an order that took long is decided anew (seed 4057)', async () => {
  // Frozen for 20 s in mid-failover, the controller went on with what had been so before, in a world that had changed.
  for (const [frozenMs, moved] of [
    [20_000, []],
    [500, ['follow c']],
  ] as const) {
    const group = new SimGroup(['a', 'b', 'c']);
    assert.ok(await group.settle());
    const { world, meddling } = group;
    endProcess(world.get('a'), 'crashed', world.now);
    meddling.between = (command) => {
      if (command === 'promote') world.advance(frozenMs);
    };
    for (let pass = 0; pass < 20 && !meddling.effects.includes('promote b'); pass += 1) {
      meddling.effects.length = 0;
      await group.pass();
      world.advance(500);
    }
    assert.ok(meddling.effects.includes('promote b'));
    assert.deepEqual(
      meddling.effects.filter((effect) => effect.startsWith('follow')),
      moved,
    );
  }
});

test('a primary that restarts with all its data is not given up for one that was promoted by hand long before (seed 4280)', async () => {
  for (const [ahead, leader] of [
    [50, 'a'],
    [0, 'b'],
  ] as const) {
    const group = await begin();
    group.spec = { ...group.spec, failover: { ...group.spec.failover, maxLagBytes: 100 } };
    const { world } = group;
    const [a, b] = [world.get('a'), world.get('b')];
    // What b writes as a primary is its own; only a takes the writes before.
    world.cut('a', 'b', true);
    for (let write = 0; write < ahead; write += 1) world.write();
    world.promote(b);
    world.write();
    endProcess(a, 'crashed', world.now);
    a.snapshot = a.data;
    startProcess(a, world.now);
    world.cut('a', 'b', false);
    world.write();
    assert.ok(await group.settle(), JSON.stringify(group.status.conditions));
    assert.equal(group.status.currentPrimary, leader, `${ahead} writes ahead`);
  }
});

test('a primary that restarts with all its data is not given up for a replica that was promoted for a while (seeds 134 and 423)', async () => {
  const group = await begin();
  const { world } = group;
  const [a, b] = [world.get('a'), world.get('b')];
  world.cut('a', 'b', true);
  world.write();
  world.promote(b);
  world.write();
  becomeReplica(b, 'a', world.now);
  endProcess(a, 'crashed', world.now);
  a.snapshot = a.data;
  startProcess(a, world.now);
  // It has not taken a's data yet.
  b.lagging = true;
  world.cut('a', 'b', false);
  await group.pass();
  b.lagging = false;
  assert.ok(await group.settle());
  assert.equal(group.status.currentPrimary, 'a');
  assert.equal(group.status.lastTransition?.kind, undefined);
});

test('who was promoted a moment ago is not given up for the old primary that comes back with all of its data (seed 1052)', async () => {
  const group = await begin();
  const { world } = group;
  const [a, b] = [world.get('a'), world.get('b')];
  endProcess(a, 'crashed', world.now);
  a.snapshot = a.data;
  for (let pass = 0; pass < 10 && b.role !== 'primary'; pass += 1) {
    world.advance(1_000);
    await group.pass();
  }
  assert.ok(group.status.transition !== undefined, 'the failover is not over yet');
  startProcess(a, world.now);
  world.write();
  a.data = { ...a.data, offset: a.data.offset + 10, log: [...a.data.log, 900] };
  // An operator has it follow, and it has not copied the other one's data yet.
  becomeReplica(a, 'b', world.now);
  Object.assign(a, { link: 'syncing', syncDoneAt: world.now + 60_000 });
  await group.pass();
  assert.equal(a.role, 'replica');
  assert.ok(await group.settle());
  assert.equal(group.status.currentPrimary, 'b');
  assert.equal(group.status.history?.length, 1);
});

test('a second primary is dealt with before a replica whose data is copied first (seed 1354)', async () => {
  const group = new SimGroup(['a', 'b', 'c']);
  const { world } = group;
  assert.ok(await group.settle());
  // Both have data that the primary does not have; only one takes more.
  for (const name of ['b', 'c']) {
    world.promote(world.get(name));
    world.get(name).data = {
      ...world.get(name).data,
      ...freshData(`${name}-own`),
      offset: 20,
      log: [900, 901],
    };
  }
  becomeReplica(world.get('b'), 'z', world.now);
  await group.pass();
  const decided = group.events.findLast((event) => event.kind === 'decided');
  assert.ok(decided?.kind === 'decided');
  const copied = decided.decision.plan.actions.filter(({ kind }) => kind === 'preserve');
  assert.deepEqual(
    copied.map((action) => ('node' in action ? action.node : '')),
    ['c', 'b'],
  );
});

test('of two primaries that left the recorded history the one that holds more leads, though nobody saw it in sync (seed 1442)', async () => {
  const group = await begin();
  const { world } = group;
  const [a, b] = [world.get('a'), world.get('b')];
  world.promote(b);
  world.write();
  // It followed the other one for a while, and came back without what that wrote last.
  a.data = { ...b.data };
  endProcess(a, 'crashed', world.now);
  a.snapshot = a.data;
  world.write();
  startProcess(a, world.now);
  group.restart();
  const { inSync: _never, ...unseen } = group.status.nodes?.find(({ name }) => name === 'b') ?? {
    name: 'b',
    role: 'unknown' as const,
    reachable: true,
  };
  group.status = { ...group.status, nodes: [...(group.status.nodes ?? []).slice(0, 1), unseen] };
  assert.ok(await group.settle(), JSON.stringify(group.status.conditions));
});

test('what an operator allowed is used up by the change that it allows, and allows no loss later (seed 4902)', async () => {
  const group = await begin();
  await group.pass();
  const decided = group.events.findLast((event) => event.kind === 'decided');
  assert.ok(decided?.kind === 'decided');
  const change = { kind: 'Failover', from: 'a', to: 'b', how: 'promote', cause: 'PrimaryHostDown' } as const;
  const open = openTransition({ ...decided.situation, now: 0 }, change, 'Promote');
  const status = { ...decided.situation.status, transition: open, epoch: open.epoch };
  const record = { kind: 'record', status } as const;
  const done: Outcome = { kind: 'done' };
  const { memory } = decided.situation;
  const bystander = noteOutcome(memory, record, done, 0);
  const begun = noteOutcome(memory, { ...record, opens: true }, done, 0);
  const under = (known: Memory, epoch: number): boolean =>
    isUnderWay(
      { ...decided.situation, status, memory: known, wishes: { acceptDataOf: { node: 'b', epoch } } },
      change,
    );
  assert.ok(under(begun, open.fromEpoch));
  assert.ok(!under(begun, open.epoch), 'it goes on under the epoch that it was allowed in');
  assert.ok(
    !under(bystander, open.fromEpoch),
    'who merely wrote a condition goes on under the epoch of another',
  );
  // Taken over twice: an answer to any of the epochs since it began still holds.
  const later = { ...status, epoch: open.epoch + 1 };
  assert.deepEqual(
    [open.fromEpoch - 1, open.fromEpoch, open.epoch, open.epoch + 1, open.epoch + 2].map((epoch) =>
      isCurrentWish(later, epoch),
    ),
    [false, true, true, true, false],
  );
});

test('a new primary that dies with the old one before either is sure of its role leads again (chaos, seed 201)', async () => {
  for (const first of ['a', 'b'] as const) {
    const group = await begin();
    const { world, meddling } = group;
    const [a, b] = [world.get('a'), world.get('b')];
    meddling.between = (command, node) => {
      if (command !== 'persist' || node !== 'b') return;
      meddling.between = () => undefined;
      // What it took as the primary is nowhere else; its config file still says that it follows the old one.
      world.write();
      for (const redis of [a, b]) {
        redis.snapshot = redis.data;
        endProcess(redis, 'crashed', world.now);
      }
      startProcess(first === 'a' ? a : b, world.now);
    };
    group.edit({ primary: 'b' });
    for (let pass = 0; pass < 4; pass += 1) {
      await group.pass();
      world.advance(100);
    }
    for (const redis of [a, b]) if (redis.process === 'crashed') startProcess(redis, world.now);
    assert.ok(await group.settle(), JSON.stringify(group.status.conditions));
    const lost = [...world.acknowledged].filter((write) => !b.data.log.includes(write));
    assert.deepEqual([group.status.currentPrimary, lost], ['b', []], `${first} is back first`);
  }
});

test('what was sworn of a node, and accepted for its sake, answers no later question once that is over (seed 64)', async () => {
  const group = await beginUnderLease();
  const { world } = group;
  split(group, ['b'], ['a', 'c']);
  await letPass(group, 60);
  const epoch = group.status.epoch ?? 0;
  group.annotations = {
    [confirmFencedAnnotation]: `c@${epoch}`,
    [acceptDataOfAnnotation]: `b@${epoch}`,
  };
  join(group);
  await letPass(group, 20);
  assert.equal(group.condition('Ready')?.status, 'True');
  assert.equal(group.status.currentPrimary, 'a');
  assert.deepEqual(group.status.lapsedAnswers, [
    `${acceptDataOfAnnotation}=b@${epoch}`,
    `${confirmFencedAnnotation}=c@${epoch}`,
  ]);
  // The same happens again, and the same is asked again.
  split(group, ['b'], ['a', 'c']);
  await letPass(group, 60);
  assert.equal(group.status.epoch, epoch);
  assert.equal(world.get('b').role, 'replica');
  group.annotations = {};
  join(group);
  await letPass(group, 20);
  assert.equal(group.status.lapsedAnswers, undefined);
});

test('a new primary that lost what it was handed over does not lead against the old one that has it (seed 62)', () => {
  const replica = (replicationId: string, previousReplicationId: string, offset: number): ReplicaView => ({
    ...serverView,
    role: 'replica',
    replicationId,
    previousReplicationId,
    offset,
    of: { host: 'a', port: 6379 },
    link: 'down',
  });
  const node = (name: string, redis: ReplicaView) => ({ name, redis, host: { state: 'silent' as const } });
  const situation: Situation = {
    spec: simSpec(['a', 'c']),
    generation: 1,
    wishes: {},
    status: {
      epoch: 2,
      currentPrimary: 'a',
      primaryReplicationId: 'old',
      nodes: [{ name: 'c', role: 'unknown', reachable: true, inSync: true }],
      transition: {
        kind: 'Switchover',
        from: 'a',
        to: 'c',
        epoch: 2,
        fromEpoch: 1,
        step: 'StartUnits',
        cause: 'Requested',
        startTime: isoTime(0),
      },
    },
    observation: {
      nodes: [node('a', replica('new', 'old', 900)), node('c', replica('of the disk', 'long ago', 950))],
    },
    memory: emptyMemory,
    now: 0,
  };
  assert.deepEqual(bestCandidate(situation, 'a'), { name: 'a' });
});
