import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SimGroup } from '../world/sim-group.ts';
import { endProcess, startProcess } from '../world/sim-redis.ts';
import { propertyRuns } from './property-runs.ts';

/** What happens to a converged group of ct100 (primary) and ct101, before the loop runs on. */
const stories: Readonly<Record<string, (group: SimGroup) => void>> = {
  switchover: (group) => group.edit({ primary: 'ct101' }),
  failover: (group) => endProcess(group.world.get('ct100'), 'crashed', group.world.now),
  'fast restart with an old snapshot': (group) => {
    endProcess(group.world.get('ct100'), 'crashed', group.world.now);
    startProcess(group.world.get('ct100'), group.world.now);
  },
  'two primaries': (group) => group.world.promote(group.world.get('ct101')),
};

async function begin(): Promise<SimGroup> {
  const group = new SimGroup(['ct100', 'ct101']);
  assert.ok(await group.settle());
  for (let write = 0; write < 5; write += 1) {
    group.world.write();
    group.world.advance(10);
  }
  await group.pass();
  return group;
}

/** Runs a story to its end: after a failover the dead node returns and the operator fails back. */
async function tell(
  story: (group: SimGroup) => void,
  killAfter: number | undefined,
): Promise<{ group: SimGroup; killed: boolean }> {
  const group = await begin();
  group.meddling.effects.length = 0;
  story(group);
  group.meddling.killAfter = killAfter;
  let killed = false;
  for (let pass = 0; pass < 30; pass += 1) {
    killed = (await group.pass()) === 'killed' || killed;
    group.world.write();
    group.world.advance(200);
  }
  const unused = group.meddling.killAfter !== undefined;
  group.meddling.killAfter = undefined;
  startProcess(group.world.get('ct100'), group.world.now);
  assert.ok(await group.settle(), JSON.stringify(group.status.conditions));
  return { group, killed: killed && !unused };
}

/** The end that must not depend on where the controller died: roles, units, data; not epochs and times. */
function ending(group: SimGroup): unknown {
  const primary = group.status.currentPrimary;
  // Two primaries take writes until one is demoted: what the other then had taken is kept in a copy (S3).
  const held = new Set([...group.world.get(primary ?? '').data.log, ...group.preserved.flat()]);
  return {
    primary,
    handled: group.status.handledPrimary,
    transition: group.status.transition,
    last: group.status.lastTransition?.kind,
    roles: [...group.world.redis.values()].map((redis) => [
      redis.name,
      redis.role,
      redis.of,
      redis.savedRole,
      redis.pausedUntil > group.world.now,
    ]),
    units: [...group.world.hosts.values()].map((host) => [
      host.name,
      [...host.units.values()].map((unit) => unit.state),
    ]),
    neitherHeldNorKept: [...group.world.acknowledged].filter((write) => !held.has(write)).length,
    violations: group.world.violations,
  };
}

/** Real changes of role and units; what is done again without changing anything does not count. */
function changes(group: SimGroup): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const effect of group.meddling.effects)
    if (/^(start|stop) /.test(effect)) counted[effect] = (counted[effect] ?? 0) + 1;
  return counted;
}

for (const [name, story] of Object.entries(stories)) {
  test(`killed after any effect of a ${name} and started again, the controller ends where it would have ended`, async () => {
    const { group: undisturbed } = await tell(story, undefined);
    const expected = ending(undisturbed);
    let points = 0;
    for (let effects = 1; effects < 60; effects += 1) {
      const { group, killed } = await tell(story, effects);
      if (!killed) break;
      points += 1;
      assert.deepEqual(ending(group), expected, `killed after effect ${effects}`);
      assert.deepEqual(changes(group), changes(undisturbed), `killed after effect ${effects}`);
    }
    assert.ok(points >= 5, `only ${points} crash points were tried`);
  });
}

test('killed again and again at random points, the controller still ends where it would have ended', async () => {
  const endings = new Map<string, unknown>();
  for (const [name, story] of Object.entries(stories))
    endings.set(name, ending((await tell(story, undefined)).group));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(stories)),
      fc.array(fc.integer({ min: 1, max: 14 }), { maxLength: 5 }),
      async (name, killPoints) => {
        const kills = [...killPoints];
        const group = await begin();
        stories[name]?.(group);
        for (let pass = 0; pass < 30; pass += 1) {
          group.meddling.killAfter ??= kills.shift();
          await group.pass();
          group.world.write();
          group.world.advance(200);
        }
        group.meddling.killAfter = undefined;
        startProcess(group.world.get('ct100'), group.world.now);
        assert.ok(await group.settle(), JSON.stringify(group.status.conditions));
        assert.deepEqual(ending(group), endings.get(name));
      },
    ),
    propertyRuns(),
  );
});
