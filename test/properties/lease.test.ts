import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SimGroup } from '../world/sim-group.ts';
import { propertyRuns } from './property-runs.ts';

const wires = [
  ['@', 'a'],
  ['@host', 'a'],
  ['a', 'b'],
  ['@', 'b'],
  ['@host', 'b'],
] as const;

const weather = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ wire: fc.nat({ max: wires.length - 1 }), on: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ cable: fc.constantFrom('a', 'b'), on: fc.boolean() }) },
    { weight: 1, arbitrary: fc.constantFrom('restart' as const, 'write' as const, 'hang' as const) },
    {
      weight: 5,
      arbitrary: fc.record({
        passes: fc.integer({ min: 1, max: 12 }),
        everyMs: fc.integer({ min: 20, max: 2500 }),
      }),
    },
  ),
  { maxLength: 16 },
);

/** All that connects a machine: its own cable. */
function pull(group: SimGroup, name: string, on: boolean): void {
  for (const [one, other] of wires) if (one === name || other === name) group.world.cut(one, other, on);
}

async function pass(group: SimGroup, times: number, everyMs: number): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    await group.pass();
    group.world.write();
    group.world.advance(everyMs);
  }
}

test('however wires fail and heal, a unit starts elsewhere only when the lease has ended it where it was', async () => {
  const ended = { byLease: 0 };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(5, 15), weather, async (leaseSeconds, events) => {
      const group = new SimGroup(['a', 'b'], leaseSeconds);
      group.spec = { ...group.spec, failover: { ...group.spec.failover, cooldownSeconds: 0 } };
      assert.ok(await group.settle());
      for (const event of events) {
        if (event === 'restart') group.restart();
        else if (event === 'write') group.world.write();
        else if (event === 'hang') group.world.get('a').process = 'hung';
        else if ('passes' in event) await pass(group, event.passes, event.everyMs);
        else if ('cable' in event) pull(group, event.cable, event.on);
        else {
          const [one, other] = wires[event.wire] ?? wires[0];
          group.world.cut(one, other, event.on);
        }
        if (group.status.fences?.some(({ proof }) => proof === 'LeaseExpired')) ended.byLease += 1;
      }
      assert.deepEqual(group.world.violations, []);
    }),
    propertyRuns(),
  );
  assert.ok(ended.byLease > 100, `the lease was proof only ${ended.byLease} times: nothing was tried`);
});

test('when the primary’s machine is cut off for good, its units run on the other node once its lease is over', async () => {
  for (const leaseSeconds of [5, 15, 60]) {
    const group = new SimGroup(['a', 'b'], leaseSeconds);
    assert.ok(await group.settle());
    pull(group, 'a', true);
    const begun = group.world.now;
    const runs = () => [...group.world.host('b').units.values()].every(({ state }) => state === 'running');
    while (!runs() && group.world.now - begun < 200_000) await pass(group, 1, 100);
    assert.ok(runs(), group.condition('UnitsPlaced')?.message);
    assert.deepEqual(group.world.violations, []);
    assert.equal(group.status.currentPrimary, 'b');
    const took = (group.world.now - begun) / 1000;
    assert.ok(took < leaseSeconds + 15, `${took} s for a lease of ${leaseSeconds} s`);
    assert.equal(group.status.fences?.[0]?.proof, 'LeaseExpired');
  }
});

test('a controller that is away stops nothing as long as a replica is attached', async () => {
  const group = new SimGroup(['a', 'b'], 5);
  assert.ok(await group.settle());
  for (let second = 0; second < 300; second += 1) group.world.advance(1000);
  assert.ok([...group.world.host('a').units.values()].every(({ state }) => state === 'running'));
});

test('a group that does without leases from now on loses its watches, and is stopped by none', async () => {
  const group = new SimGroup(['a', 'b'], 5);
  assert.ok(await group.settle());
  group.edit({ failover: { ...group.spec.failover, leaseSeconds: 0 } });
  await pass(group, 5, 1000);
  assert.deepEqual(
    [...group.world.hosts.values()].map(({ leaseUntil }) => leaseUntil),
    [undefined, undefined],
  );
  group.world.power('b', false);
  await pass(group, 60, 1000);
  assert.ok([...group.world.host('a').units.values()].every(({ state }) => state === 'running'));
});
