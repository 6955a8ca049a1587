import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { baseDocument } from './base-document.ts';
import { allFields, fieldTable } from './field-table.ts';
import { GroupInForce } from './group-in-force.ts';
import { leafFields } from './leaf-fields.ts';
import { runFields } from './run-fields.ts';

test('every field of the spec and every annotation has planned changes, and no other has', () => {
  const planned = fieldTable.map(({ field }) => field).sort();
  assert.deepEqual(planned, allFields().sort());
});

test('every field has two values that are taken, and one that is refused', () => {
  const poor = fieldTable.filter(({ valid, invalid }) => valid.length < 2 || invalid.length === 0);
  // What a secret comes from is spoiled as a whole, too.
  assert.deepEqual(
    poor.map(({ field }) => field),
    [],
  );
});

test('every leaf of a schema is found, in lists, in maps and behind defaults', () => {
  const inner = z.strictObject({ port: z.number().default(1), names: z.array(z.string()).optional() });
  const schema = z.strictObject({
    nodes: z.array(inner),
    config: z.record(z.string(), z.string()).prefault({}),
  });
  assert.deepEqual(leafFields(schema), ['nodes[].port', 'nodes[].names[]', 'config.*']);
});

test('every value that is to be taken is taken', () => {
  for (const { field, valid } of fieldTable) {
    for (const { what, edit } of valid) {
      const document = baseDocument();
      edit(document, 1);
      const taken = new GroupInForce(new Map()).take(document);
      assert.ok(taken.ok, `${field}: ${what}`);
    }
  }
});

test('what the simulated world does not know is covered by a test that is there', () => {
  for (const { field, elsewhere } of fieldTable)
    if (elsewhere !== undefined)
      assert.ok(
        existsSync(join(import.meta.dirname, '../..', elsewhere.test)),
        `${field}: ${elsewhere.test}`,
      );
});

// All chains from the base, and more from every other spec: npm run fields.
test('a chain of edits ends as its last one alone does, and an edit that is taken back leaves nothing behind', async (context) => {
  const found: string[] = [];
  const result = await runFields({
    seed: 1,
    fromEach: 8,
    fromBase: 1500,
    hasty: 700,
    impossibleFrom: 1,
    tell: (line) => found.push(line),
  });
  context.diagnostic(JSON.stringify(result));
  assert.deepEqual(found, []);
  assert.ok(result.chains >= 2500 && result.reverted >= 150, JSON.stringify(result));
});
