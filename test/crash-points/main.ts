import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { crashPoints } from './crash-points.ts';
import { markdownOf } from './markdown.ts';
import { scenarios } from './scenarios.ts';
import { isGood, type TableRow } from './table-row.ts';

const usage = `npm run crash-points -- [--json] [--scenario NAME]... [--jobs N] [--write]
The real controller on real Redis servers is killed after each of its effects in turn; old views are replayed to it,
and changes are undone between two of its looks. Progress goes to stderr.
  --scenario NAME  ${scenarios.map(({ name }) => name).join(', ')}; all, and what is undone, when none is named
  --jobs N         how many at once (2)
  --write          puts the table into docs/crash-points.md
Exit codes: 0 every end and every count as undisturbed, 1 not, 2 nothing run.`;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    scenario: { type: 'string', multiple: true },
    jobs: { type: 'string', default: '2' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const tell = (line: string): void => void process.stderr.write(`${line}\n`);

function figures(table: readonly TableRow[]) {
  const of = (rows: readonly TableRow[]) => ({
    killed: rows.filter(({ disturbance }) => disturbance === 'killed').length,
    oldViews: rows.filter(({ disturbance }) => ['oldView', 'killedThenOldView'].includes(disturbance)).length,
    undone: rows.filter(({ disturbance }) => disturbance === 'undone').length,
    different: rows.filter((row) => !isGood(row)).length,
  });
  const byScenario = [...Map.groupBy(table, ({ scenario }) => scenario)];
  return {
    ok: table.every(isGood),
    effects: table.filter(({ disturbance }) => disturbance === 'killed').length,
    ...of(table),
    scenarios: Object.fromEntries(byScenario.map(([name, rows]) => [name, of(rows)])),
  };
}

async function run(): Promise<number> {
  const chosen = scenarios.filter(({ name }) => values.scenario?.includes(name) ?? true);
  const unknown = values.scenario?.find((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown !== undefined) {
    tell(`There is no scenario ${unknown}.\n${usage}`);
    return 2;
  }
  const begun = performance.now();
  const undone = values.scenario === undefined;
  const table = await crashPoints({ scenarios: chosen, undone, jobs: Number(values.jobs), tell });
  const { ok, ...rest } = figures(table);
  tell(`${Math.round((performance.now() - begun) / 1000)} s`);
  if (values.write) writeFileSync(join(import.meta.dirname, '../../docs/crash-points.md'), markdownOf(table));
  console.log(
    values.json ? JSON.stringify({ ok, ...rest, table }) : JSON.stringify({ ok, ...rest }, null, 2),
  );
  return ok ? 0 : 1;
}

if (values.help) console.log(usage);
else process.exitCode = await run();
