import { parseArgs } from 'node:util';
import { crashPoints } from './crash-points.ts';
import { scenarios } from './scenarios.ts';
import { isGood } from './table-row.ts';

const usage = `npm run crash-points -- [--json] [--scenario NAME]... [--jobs N] [--write]
Runs the real controller on real Redis servers and kills it after each of its effects in turn.
--write puts the table into docs/crash-points.md. Exit codes: 0 all as undisturbed, 1 not.`;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    scenario: { type: 'string', multiple: true },
    jobs: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(usage);
  process.exit(0);
}
const chosen = scenarios.filter(({ name }) => values.scenario?.includes(name) ?? true);
const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const begun = performance.now();
const table = await crashPoints({ scenarios: chosen, jobs: Number(values.jobs), tell });
const ok = table.every(isGood);
tell(`${Math.round((performance.now() - begun) / 1000)} s`);
const killed = table.filter(({ disturbance }) => disturbance === 'killed');
console.log(
  JSON.stringify({
    ok,
    effects: killed.length,
    killed: killed.length,
    table: values.json ? table : table.filter((row) => !isGood(row)),
  }),
);
process.exitCode = ok ? 0 : 1;
