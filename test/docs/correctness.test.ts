import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { analysisRows } from './analysis-rows.ts';
import { blockNames, withGeneratedBlocks } from './generated-blocks.ts';
import { handOverDiagram } from './hand-over-diagram.ts';
import { mutantRows } from './mutant-rows.ts';

const root = join(import.meta.dirname, '../..');
const file = join(root, 'docs/correctness.md');
const page = readFileSync(file, 'utf8');
const writers = { analysis: analysisRows, 'hand-over': handOverDiagram, mutants: mutantRows };

test('what docs/correctness.md shows of the code is what the code has (UPDATE_DOCS=1 writes it anew)', () => {
  const anew = withGeneratedBlocks(page, writers);
  if (process.env.UPDATE_DOCS === '1') writeFileSync(file, anew);
  else assert.equal(page, anew);
  assert.deepEqual(blockNames(page).sort(), Object.keys(writers).sort());
});

const reference = /`(test\/[^`]+\.test\.ts)`(?:: ([^|]+?))? \|$/;

test('every bug that docs/correctness.md lists is kept out by a test that is there', () => {
  const [, bugs = ''] = page.split('## Bugs that this found');
  const rows = bugs.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| found by'));
  assert.ok(rows.length >= 20);
  for (const row of rows) {
    const [, path = '', name] = reference.exec(row) ?? assert.fail(`no test is named in: ${row}`);
    assert.ok(existsSync(join(root, path)), `${path} is not there`);
    const text = readFileSync(join(root, path), 'utf8');
    if (name !== undefined) assert.ok(text.includes(name), `${path} has no test '${name}'`);
  }
});
