import { parseArgs } from 'node:util';
import { runSeeds } from './run-seeds.ts';
import type { RunResult, Verdict } from './simulation.ts';
import { Simulation } from './simulation.ts';
import { Summary } from './summary.ts';

const exitCodes: Readonly<Record<Verdict, number>> = { ok: 0, crash: 1, violation: 2, notConverged: 3 };

const usage = `npm run simulate -- [--seed N [--verbose]] [--seeds COUNT [--from N]] [--hours H] [--workers W] [--json]
Runs the production controller on a simulated clock, network and nodes.
Exit codes: 0 well, 1 a crash of production code, 2 a safety violation, 3 not converged.`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    hours: { type: 'string', default: '24' },
    workers: { type: 'string' },
    json: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function tellFailure(result: RunResult): void {
  const { seed, verdict, why, recent } = result;
  console.error(`seed ${seed}: ${verdict}`);
  for (const line of recent) console.error(`  ${line}`);
  console.error(`  ${why}`);
  console.error(
    `  again, to the letter: npm run simulate -- --seed ${seed} --hours ${values.hours} --verbose`,
  );
}

async function oneSeed(seed: number, hours: number): Promise<number> {
  const tell = values.verbose ? { tell: (line: string) => console.log(line) } : {};
  const result = await new Simulation({ seed, hours, ...tell }).run();
  if (result.verdict !== 'ok') tellFailure(result);
  const { recent: _told, ...rest } = result;
  console.log(
    values.json
      ? JSON.stringify(rest)
      : `seed ${seed}: ${result.verdict}, trace ${result.hash}, ${result.faults} faults`,
  );
  return exitCodes[result.verdict];
}

async function manySeeds(count: number, hours: number): Promise<number> {
  const summary = new Summary();
  const begun = performance.now();
  const workers = values.workers === undefined ? {} : { workers: Number(values.workers) };
  await runSeeds({ first: Number(values.from), count, hours, ...workers }, (result) => {
    summary.add(result);
    if (result.verdict !== 'ok') tellFailure(result);
    if (!values.json && summary.seeds % 50 === 0) console.error(`${summary.seeds} seeds`);
    return undefined;
  });
  const figures = summary.figures((performance.now() - begun) / 1000);
  console.log(values.json ? JSON.stringify(figures) : figures);
  return exitCodes[summary.worst];
}

if (values.help) console.log(usage);
else if (values.seeds !== undefined)
  process.exitCode = await manySeeds(Number(values.seeds), Number(values.hours));
else process.exitCode = await oneSeed(Number(values.seed ?? 1), Number(values.hours));
