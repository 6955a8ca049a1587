import { decimalNumber, optionsOf, runChecker, UsageError, wholeNumber } from '../world/checker-arguments.ts';
import { runSeeds } from './run-seeds.ts';
import type { RunResult, Verdict } from './simulation.ts';
import { Simulation } from './simulation.ts';
import { Summary } from './summary.ts';

const exitCodes: Readonly<Record<Verdict, number>> = { ok: 0, crash: 1, violation: 2, notConverged: 3 };

const usage = `npm run simulate -- [--seed N [--verbose]] [--seeds COUNT [--from N]] [--hours H] [--workers W] [--json]
Runs the production controller on a simulated clock, network and nodes.
Exit codes: 0 well, 1 a crash of production code, 2 a safety violation, 3 not converged, 64 these arguments make no sense.`;

interface Terms {
  readonly hours: number;
  readonly json: boolean;
  readonly verbose: boolean;
}

interface Range {
  readonly first: number;
  readonly count: number;
  readonly workers?: number;
}

const anySeed = { least: 0, most: 999_999_999 };

function read(): { help: boolean; terms: Terms; seed: number; range: Range | undefined } {
  const values = optionsOf({
    seed: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string' },
    hours: { type: 'string' },
    workers: { type: 'string' },
    json: { type: 'boolean' },
    verbose: { type: 'boolean' },
    help: { type: 'boolean' },
  });
  const {
    seed = '1',
    seeds,
    from,
    hours = '24',
    workers,
    json = false,
    verbose = false,
    help = false,
  } = values;
  if (values.seed !== undefined && seeds !== undefined)
    throw new UsageError('--seed is about one seed and --seeds about many: one of them is needed');
  if (seeds === undefined && (from ?? workers) !== undefined)
    throw new UsageError('--from and --workers go with --seeds');
  if (seeds !== undefined && verbose) throw new UsageError('--verbose goes with --seed');
  const range: Range | undefined =
    seeds === undefined
      ? undefined
      : {
          // No seed at all would be no verdict at all.
          count: wholeNumber('--seeds', seeds, { least: 1, most: 10_000_000 }),
          first: wholeNumber('--from', from ?? '1', anySeed),
          ...(workers === undefined
            ? {}
            : { workers: wholeNumber('--workers', workers, { least: 1, most: 256 }) }),
        };
  const terms = { hours: decimalNumber('--hours', hours, { least: 0.1, most: 10_000 }), json, verbose };
  return { help, terms, seed: wholeNumber('--seed', seed, anySeed), range };
}

function tellFailure({ seed, verdict, why, recent }: RunResult, hours: number): void {
  console.error(`seed ${seed}: ${verdict}`);
  for (const line of recent) console.error(`  ${line}`);
  console.error(`  ${why}`);
  console.error(`  again, to the letter: npm run simulate -- --seed ${seed} --hours ${hours} --verbose`);
}

async function oneSeed(seed: number, { hours, json, verbose }: Terms): Promise<number> {
  // What is told on the way is no part of the document.
  const line = json ? console.error : console.log;
  const result = await new Simulation({ seed, hours, ...(verbose ? { tell: line } : {}) }).run();
  if (result.verdict !== 'ok') tellFailure(result, hours);
  const { recent: _told, ...rest } = result;
  console.log(
    json
      ? JSON.stringify({ ok: result.verdict === 'ok', ...rest })
      : `seed ${seed}: ${result.verdict}, trace ${result.hash}, ${result.faults} faults`,
  );
  return exitCodes[result.verdict];
}

async function manySeeds(range: Range, { hours, json }: Terms): Promise<number> {
  const summary = new Summary();
  const begun = performance.now();
  await runSeeds({ ...range, hours }, (result) => {
    summary.add(result);
    if (result.verdict !== 'ok') tellFailure(result, hours);
    if (!json && summary.seeds % 50 === 0) console.error(`${summary.seeds} seeds`);
    return undefined;
  });
  if (summary.seeds !== range.count) throw new Error(`${summary.seeds} of ${range.count} seeds were run`);
  const figures = summary.figures((performance.now() - begun) / 1000);
  console.log(json ? JSON.stringify(figures) : figures);
  return exitCodes[summary.worst];
}

await runChecker(usage, () => {
  const { help, terms, seed, range } = read();
  if (help) {
    console.log(usage);
    return 0;
  }
  return range === undefined ? oneSeed(seed, terms) : manySeeds(range, terms);
});
