import { optionsOf, runChecker, wholeNumber } from '../world/checker-arguments.ts';
import { runFields } from './run-fields.ts';

const usage = `npm run fields -- [--json] [--seed N] [--from-each N]
Every field of the resource is changed in chains, S0→S1→S2 against S0→S2, cut off right after an edit, driven to an
error and taken back. Progress and differences go to stderr.
  --seed N       which chains are run from the specs other than the base (1)
  --from-each N  how many of them from each (200); all pairs of edits are run from the base
Exit codes: 0 no difference, 1 a difference, 64 these arguments make no sense.`;

async function run(): Promise<number> {
  const values = optionsOf({
    json: { type: 'boolean' },
    seed: { type: 'string' },
    'from-each': { type: 'string' },
    help: { type: 'boolean' },
  });
  if (values.help === true) {
    console.log(usage);
    return 0;
  }
  const begun = performance.now();
  const result = await runFields({
    seed: wholeNumber('--seed', values.seed ?? '1', { least: 0, most: 999_999_999 }),
    fromEach: wholeNumber('--from-each', values['from-each'] ?? '200', { least: 1, most: 1_000_000 }),
    fromBase: Number.POSITIVE_INFINITY,
    hasty: Number.POSITIVE_INFINITY,
    impossibleFrom: 1,
    tell: (line) => void process.stderr.write(`${line}\n`),
  });
  const ok = result.differences === 0;
  process.stderr.write(`${Math.round((performance.now() - begun) / 1000)} s\n`);
  console.log(values.json ? JSON.stringify({ ok, ...result }) : JSON.stringify({ ok, ...result }, null, 2));
  return ok ? 0 : 1;
}

await runChecker(usage, run);
