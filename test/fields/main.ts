import { parseArgs } from 'node:util';
import { runFields } from './run-fields.ts';

const usage = `npm run fields -- [--json] [--seed N] [--from-each N]
Every field of the resource is changed in chains, S0→S1→S2 against S0→S2, cut off right after an edit, driven to an
error and taken back. Progress and differences go to stderr.
  --seed N       which chains are run from the specs other than the base (1)
  --from-each N  how many of them from each (200); all pairs of edits are run from the base
Exit codes: 0 no difference, 1 a difference.`;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    'from-each': { type: 'string', default: '200' },
    help: { type: 'boolean', default: false },
  },
});

async function run(): Promise<number> {
  const begun = performance.now();
  const result = await runFields({
    seed: Number(values.seed),
    fromEach: Number(values['from-each']),
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

if (values.help) console.log(usage);
else process.exitCode = await run();
