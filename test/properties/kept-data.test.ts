import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimGroup } from '../world/sim-group.ts';
import { endProcess, startProcess } from '../world/sim-redis.ts';

/** `from` takes writes that its replica never gets, and dies; the other one takes over; `from` comes back. */
async function diverge(group: SimGroup, from: string, to: string, killAfter?: number): Promise<boolean> {
  const { world } = group;
  await group.pass();
  world.cut(from, to, true);
  world.write();
  world.write();
  // It has a snapshot of all that it took (or an append-only file), and comes back with it.
  const old = world.get(from);
  old.snapshot = old.data;
  endProcess(old, 'crashed', world.now);
  world.cut(from, to, false);
  for (let pass = 0; pass < 20; pass += 1) {
    await group.pass();
    world.advance(100);
  }
  assert.equal(group.status.currentPrimary, to);
  startProcess(old, world.now);
  group.meddling.killAfter = killAfter;
  let killed = false;
  for (let pass = 0; pass < 20; pass += 1) {
    killed = (await group.pass()) === 'killed' || killed;
    // A small data set is copied before the next look.
    world.advance(1_000);
  }
  group.meddling.killAfter = undefined;
  assert.ok(await group.settle(), JSON.stringify(group.status.conditions));
  return killed;
}

async function begin(): Promise<SimGroup> {
  const group = new SimGroup(['ct100', 'ct101']);
  group.spec = { ...group.spec, failover: { ...group.spec.failover, cooldownSeconds: 0 } };
  assert.ok(await group.settle());
  return group;
}

/** That status names the newest of all copies, which the simulated host numbers. */
function assertNamed(group: SimGroup, node: string, when?: string): void {
  const { preserved = 'no copy' } = group.status.lastTransition ?? {};
  assert.ok(preserved.startsWith(`${node}:`), `${preserved} ${when}`);
  assert.ok(preserved.endsWith(`.kept.${group.preserved.length}`), `${preserved} ${when}`);
}

test('the copy of what a failover lost is in status, however soon the old primary is in sync again', async () => {
  const group = await begin();
  await diverge(group, 'ct100', 'ct101');
  assert.equal(group.preserved.length, 1);
  assertNamed(group, 'ct100');
  assert.ok((group.status.lastTransition?.lostBytes ?? 0) > 0);
});

test('killing the controller after any step of the return loses no copy from status', async () => {
  for (let killAfter = 1; ; killAfter += 1) {
    const group = await begin();
    const killed = await diverge(group, 'ct100', 'ct101', killAfter);
    assertNamed(group, 'ct100', `killed after ${killAfter}`);
    if (!killed) break;
  }
});

test('the second failover of a node names its own copy, not that of the first', async () => {
  const group = await begin();
  await diverge(group, 'ct100', 'ct101');
  group.annotations = { 'understudy.dev/failback': String(group.status.epoch) };
  assert.ok(await group.settle());
  assert.equal(group.status.currentPrimary, 'ct100');
  await diverge(group, 'ct100', 'ct101');
  assert.equal(group.preserved.length, 2);
  assertNamed(group, 'ct100');
});
