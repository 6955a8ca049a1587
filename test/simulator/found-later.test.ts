import assert from 'node:assert/strict';
import { test } from 'node:test';
import { executeAction } from '../../controller/execute/execute-action.ts';
import { acceptDataOfAnnotation } from '../../crd/annotations.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import { SimGroup } from '../world/sim-group.ts';
import { simClock, simNodes } from '../world/sim-ports.ts';
import { becomeReplica, freshData } from '../world/sim-redis.ts';

/** What the simulator found beyond its first thousand seeds, and the model beyond single events, told again without them. */

function act(group: SimGroup, action: Parameters<typeof executeAction>[1]): Promise<Outcome> {
  const { world, meddling, preserved } = group;
  const nodes = simNodes(world, meddling, preserved);
  return executeAction({ nodes, clock: simClock(world), commandTimeoutMs: 500 }, action);
}

async function begin(names: readonly string[], leaseSeconds = 0): Promise<SimGroup> {
  const group = new SimGroup(names, leaseSeconds);
  assert.ok(await group.settle());
  for (let write = 0; write < 5; write += 1) group.world.write();
  group.world.advance(1000);
  await group.pass();
  group.meddling.effects.length = 0;
  return group;
}

function isolate({ world }: SimGroup, name: string, severed: boolean): void {
  for (const other of ['@', '@host', 'a', 'b', 'c']) if (other !== name) world.cut(other, name, severed);
}

test('no replica is left to a primary that is out of sight when another node is promoted (seeds 1635 and 1942)', async () => {
  const group = await begin(['a', 'b', 'c'], 5);
  const { world, meddling } = group;
  isolate(group, 'a', true);
  for (let pass = 0; pass < 60 && !meddling.effects.includes('promote b'); pass += 1) {
    world.advance(1000);
    await group.pass();
  }
  const order = meddling.effects.filter((effect) => effect === 'follow c' || effect === 'promote b');
  assert.deepEqual(order, ['follow c', 'promote b']);
  assert.equal(world.get('c').of, 'b');
});

test('a replica that was repointed, and whose answer was lost, has its new role in its config file in the end', async () => {
  const group = await begin(['a', 'b', 'c'], 5);
  const { world, meddling } = group;
  isolate(group, 'a', true);
  meddling.between = (command, node) => {
    if (command !== 'follow' || node !== 'c') return;
    meddling.unknowns.push({ node: 'c', applied: true });
    meddling.between = () => undefined;
  };
  for (let pass = 0; pass < 60 && group.status.currentPrimary === 'a'; pass += 1) {
    world.advance(1000);
    await group.pass();
  }
  isolate(group, 'a', false);
  assert.ok(await group.settle(), JSON.stringify(group.status.conditions));
  assert.deepEqual(world.get('c').savedRole, { role: 'replica', of: 'b' });
});

test('a replica that hears its primary again is not taken from it, and the other one is not promoted', async () => {
  const group = await begin(['a', 'b', 'c'], 5);
  const { world, meddling } = group;
  isolate(group, 'a', true);
  meddling.between = (command, node) => {
    // The cut heals when all is decided: the first order is on its way.
    if (node !== 'b' || command !== 'position' || group.status.transition === undefined) return;
    isolate(group, 'a', false);
    world.advance(1);
  };
  for (let second = 0; second < 60 && world.reaches('@', 'a') === false; second += 1) {
    world.advance(1000);
    await group.pass();
  }
  assert.ok(!meddling.effects.some((effect) => effect.startsWith('promote')));
  assert.ok(await group.settle());
  assert.deepEqual(
    [group.status.currentPrimary, world.get('b').of, world.get('c').of, group.status.lastTransition],
    ['a', 'a', 'a', undefined],
  );
});

test('a replica is taken from a silent primary before another one leads, and not while it hears it', async () => {
  const group = await begin(['a', 'b', 'c']);
  const { world } = group;
  const ahead = { kind: 'repoint', node: 'c', to: 'b', dropClients: false, ahead: true, epoch: 9 } as const;
  assert.equal((await act(group, ahead)).kind, 'refused');
  assert.equal(world.get('c').of, 'a');
  isolate(group, 'a', true);
  world.advance(3000);
  assert.equal((await act(group, ahead)).kind, 'done');
  assert.equal(world.get('c').of, 'b');
});

test('what only a replica of the node to be promoted holds is copied before that leads (seed 1931)', async () => {
  const group = await begin(['a', 'b']);
  const { world, meddling } = group;
  const [a, b] = [world.get('a'), world.get('b')];
  // Both came back as replicas: of each other, and a of a life of its own that nothing links to b's.
  becomeReplica(b, 'a', world.now);
  becomeReplica(a, 'b', world.now);
  a.data = { ...freshData('own'), offset: 300, log: [900, 901] };
  a.link = 'down';
  await group.pass();
  for (
    let pass = 0;
    pass < 20 && !meddling.effects.some((effect) => effect.startsWith('promote'));
    pass += 1
  ) {
    world.advance(100);
    await group.pass();
  }
  const promoted = meddling.effects.find((effect) => effect.startsWith('promote'));
  assert.equal(promoted, 'promote b', JSON.stringify(group.status.conditions));
  assert.deepEqual(group.preserved, [[900, 901]]);
});

test('a replica whose data was copied takes what its new primary writes at once', async () => {
  // Chaos, seed 621296: paused for the copy, it took nothing for two minutes (CLIENT PAUSE on a replica, Redis 7.0).
  const group = await begin(['a', 'b', 'c']);
  const { world, meddling } = group;
  const c = world.get('c');
  c.data = { ...freshData('own'), offset: 300, log: [900, 901] };
  becomeReplica(c, 'z', world.now);
  assert.ok(await group.settle(), JSON.stringify(group.status.conditions));
  assert.deepEqual(group.preserved, [[900, 901]]);
  assert.ok(c.pausedUntil <= world.now);
  c.data = { ...freshData('again'), offset: 300, log: [902, 903] };
  Object.assign(c, { of: 'z', link: 'up' });
  meddling.effects.length = 0;
  await group.pass();
  await group.pass();
  const order = meddling.effects.filter((effect) => / c$/.test(effect));
  assert.ok(order.includes('pause c'), order.join());
  assert.ok(
    order.includes('resume c') && order.indexOf('resume c') < order.indexOf('follow c'),
    order.join(),
  );
});

test('a rescue whose node copied the poorer data set at the last moment is not taken for one (seed 1823)', async () => {
  const group = await begin(['a', 'b', 'c']);
  const { world, meddling } = group;
  const { replicationId, offset } = world.get('c').data;
  const promote = {
    kind: 'promote',
    node: 'c',
    rescue: true,
    held: { replicationId, offset },
    epoch: 9,
  } as const;
  meddling.between = (command, node) => {
    if (command === 'promote' && node === 'c') world.get('c').data = { ...freshData('poorer'), offset: 500 };
  };
  assert.equal((await act(group, promote)).kind, 'refused');
  meddling.between = () => undefined;
  const sound = { ...promote, node: 'b' } as const;
  assert.equal((await act(group, sound)).kind, 'done');
});

test('what an operator allowed does not make a node one that can be handed over to (seed 2748)', async () => {
  const group = await begin(['a', 'b']);
  const { world } = group;
  world.promote(world.get('b'));
  world.write();
  group.annotations = { [acceptDataOfAnnotation]: `b@${group.status.epoch}` };
  group.edit({ primary: 'b' });
  assert.ok(await group.settle(), JSON.stringify(group.status.conditions));
  assert.deepEqual([group.status.currentPrimary, world.get('a').of], ['b', 'b']);
});
