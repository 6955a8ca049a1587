import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkWorld } from './check-world.ts';
import { huntMutant } from './mutants/hunt-mutant.ts';
import { mutants } from './mutants/mutants.ts';
import { reducedWorlds } from './worlds.ts';

const limits = { mostStates: 500_000, mostViolations: 10 };

for (const { nodes, units, parts } of reducedWorlds)
  for (const scope of parts)
    test(`every state of ${nodes} nodes and ${units} units, within the bounds of the reduced run, is as it must be`, async () => {
      const { states, complete, violations, measured, maxStepsToConverge } = await checkWorld({
        scope,
        ...limits,
      });
      assert.deepEqual(
        violations.map(({ message, path }) => `${message}: ${path.join('|')}`),
        [],
      );
      assert.ok(complete);
      assert.ok(states > 2_000 && measured > 100 && maxStepsToConverge > 0, 'too little was looked at');
    });

test('every mutant changes a text that is in the sources exactly once', () => {
  assert.ok(mutants.length >= 15);
  for (const { name, edits } of mutants)
    for (const { file, find } of edits) {
      const source = readFileSync(join(import.meta.dirname, '..', '..', file), 'utf8');
      assert.equal(source.split(find).length, 2, `${name}: ${file}: ${find}`);
    }
});

/** The quickest of each kind; `npm run model` hunts them all. */
const few = [
  'promotes before it demotes',
  'drops the rollback',
  'reads an unknown outcome as done',
  'promotes without a fence',
  'records after it acted',
];

for (const name of few)
  test(`a planner that ${name} is caught`, async () => {
    const mutant = mutants.find((known) => known.name === name);
    assert.ok(mutant !== undefined);
    const { caught } = await huntMutant(mutant);
    assert.ok(caught !== undefined, 'the checker does not see it');
  });
