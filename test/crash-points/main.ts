import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { oneOf, optionsOf, runChecker, wholeNumber } from '../world/checker-arguments.ts';
import { crashPoints } from './crash-points.ts';
import { figuresOf } from './figures.ts';
import { markdownOf } from './markdown.ts';
import { scenarios } from './scenarios.ts';

const usage = `npm run crash-points -- [--json] [--scenario NAME]... [--jobs N] [--write]
The real controller on real Redis servers is killed after each of its effects in turn; old views are replayed to it,
and changes are undone between two of its looks. Progress goes to stderr.
  --scenario NAME  ${scenarios.map(({ name }) => name).join(', ')}; all, and what is undone, when none is named
  --jobs N         how many at once (2)
  --write          puts the table into docs/crash-points.md
Exit codes: 0 every end and every count as undisturbed, 1 not, 64 these arguments make no sense.`;

const tell = (line: string): void => void process.stderr.write(`${line}\n`);

async function run(): Promise<number> {
  const values = optionsOf({
    json: { type: 'boolean' },
    scenario: { type: 'string', multiple: true },
    jobs: { type: 'string' },
    write: { type: 'boolean' },
    help: { type: 'boolean' },
  });
  if (values.help === true) {
    console.log(usage);
    return 0;
  }
  const names = scenarios.map(({ name }) => name);
  const named = values.scenario?.map((text) => oneOf('--scenario', text, names));
  const chosen = scenarios.filter(({ name }) => named?.includes(name) ?? true);
  const jobs = wholeNumber('--jobs', values.jobs ?? '2', { least: 1, most: 64 });
  const begun = performance.now();
  const undone = named === undefined;
  const { table, notAgain } = await crashPoints({ scenarios: chosen, undone, jobs, tell });
  const { ok, ...rest } = figuresOf(table, notAgain);
  tell(`${Math.round((performance.now() - begun) / 1000)} s`);
  if (values.write)
    writeFileSync(join(import.meta.dirname, '../../docs/crash-points.md'), markdownOf(table, notAgain));
  console.log(
    values.json ? JSON.stringify({ ok, ...rest, table }) : JSON.stringify({ ok, ...rest }, null, 2),
  );
  return ok ? 0 : 1;
}

await runChecker(usage, run);
