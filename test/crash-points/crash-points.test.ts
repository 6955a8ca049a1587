import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashPoints } from './crash-points.ts';
import { runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios.ts';
import { isGood } from './table-row.ts';

// All scenarios, old views and undone changes: npm run crash-points.
test('a controller that is killed after any effect of a switchover or a failover changes neither the end nor any count', async (context) => {
  const chosen = scenarios.filter(({ name }) => name === 'switchover' || name === 'failover');
  const { table, notAgain } = await crashPoints({
    scenarios: chosen,
    disturbances: ['killed'],
    undone: false,
    jobs: 3,
    tell: () => undefined,
  });
  const count = (name: string) => table.filter(({ scenario }) => scenario === name).length;
  context.diagnostic(`${table.length} crash points, ${notAgain.length} did not come again`);
  // Fewer would mean that effects go by unseen.
  assert.ok(count('switchover') >= 20 && count('failover') >= 10, `${table.length} crash points`);
  assert.deepEqual(
    table.filter((row) => !isGood(row)),
    [],
  );
});

test('a machine that falls silent is switched off by another one before its replica is promoted, and again by who comes after a controller that died right then', async () => {
  const scenario = scenarios.find(({ name }) => name === 'failover from a silent machine');
  assert.ok(scenario !== undefined);
  const undisturbed = await runScenario(scenario);
  const names = undisturbed.effects.map(({ id }) => id.name);
  const [fenced, promoted] = [names.indexOf('fence a powerOff'), names.indexOf('redis b promote')];
  assert.ok(0 <= fenced && fenced < promoted, names.join(', '));
  assert.deepEqual((undisturbed.end.status as { fences: unknown }).fences, ['a PoweredOff']);
  const killed = await runScenario(scenario, { killAfter: { name: 'fence a powerOff', occurrence: 1 } });
  assert.equal(killed.disturbed, true);
  assert.deepEqual(killed.end, undisturbed.end);
  assert.deepEqual(killed.counts, undisturbed.counts);
});

test('a fence whose proof died with the controller that had it is had again, and the units are started', async () => {
  const scenario = scenarios.find(({ name }) => name === 'failover from a silent machine');
  assert.ok(scenario !== undefined);
  const undisturbed = await runScenario(scenario);
  const killed = await runScenario(scenario, { killAfter: { name: 'redis b promote', occurrence: 1 } });
  assert.equal(killed.disturbed, true);
  assert.deepEqual(killed.end, undisturbed.end);
  assert.deepEqual(killed.counts, undisturbed.counts);
});
