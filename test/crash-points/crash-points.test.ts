import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashPoints } from './crash-points.ts';
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
