import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breaks } from './breaks.ts';
import { runSeeds } from './run-seeds.ts';
import type { RunResult } from './simulation.ts';
import { Simulation } from './simulation.ts';

const day = 24;

/** As many as are well without a break: what one of them finds is the break. */
const mostSeeds = 20;

test('twenty seeds of a day each: no rule broken, and all at rest once the faults stop', async () => {
  const results: RunResult[] = [];
  await runSeeds({ first: 1, count: mostSeeds, hours: day }, (result) => {
    results.push(result);
    return undefined;
  });
  const failed = results.filter(({ verdict }) => verdict !== 'ok');
  assert.deepEqual(
    failed.map(({ seed, verdict, why, recent }) => ({ seed, verdict, why, recent })),
    [],
  );
  const sum = (figure: (result: RunResult) => number): number =>
    results.reduce((total, result) => total + figure(result), 0);
  assert.ok(sum(({ faults }) => faults) > 1_000, 'hardly anything befell them');
  assert.ok(sum(({ tally }) => tally.switchovers) > 20, 'hardly a switchover');
  assert.ok(sum(({ tally }) => tally.failovers) > 50, 'hardly a failover');
  assert.ok(sum(({ tally }) => tally.copies) > 20, 'hardly any diverged data');
  const promotions = sum(({ tally }) => tally.promotions);
  assert.ok(promotions > 100, 'hardly a promotion');
  assert.ok(sum(({ tally }) => tally.judgedPromotions) > 0.95 * promotions, 'many promotions are not judged');
  assert.ok(
    sum(({ tally }) => tally.lossesJudged) > 0.8 * sum(({ tally }) => tally.lossesTold),
    'many losses are not',
  );
});

test('a seed is replayed to the letter, and another one is another story', async () => {
  const run = (seed: number): Promise<RunResult> => new Simulation({ seed, hours: 4 }).run();
  const first = await run(3);
  const again = await run(3);
  assert.deepEqual(again, first);
  assert.notEqual((await run(4)).hash, first.hash);
});

for (const sabotage of breaks) {
  test(`found within ${mostSeeds} seeds: ${sabotage.name}`, async () => {
    let found: RunResult | undefined;
    await runSeeds({ first: 1, count: mostSeeds, hours: day, sabotage }, (result) => {
      if (sabotage.foundAs.includes(result.rule ?? result.verdict)) found ??= result;
      return found === undefined ? undefined : 'enough';
    });
    assert.ok(found, 'no seed found it');
  });
}
