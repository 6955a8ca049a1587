import { inspect } from 'node:util';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { BenchOptions } from './bench-run.ts';
import type { Contender, Contenders, CrashContender, HandoverContender } from './contender.ts';
import { Nobody } from './contenders/nobody.ts';
import { RedisFailover } from './contenders/redis-failover.ts';
import { SentinelContender } from './contenders/sentinel.ts';
import { Understudy } from './contenders/understudy.ts';
import { benchCrash } from './crash.ts';
import { benchEmptyRestart } from './empty-restart.ts';
import { benchHandover } from './handover.ts';
import { benchPatches } from './kubernetes/patches.ts';
import { benchLab } from './lab/bench-lab.ts';
import { benchSoak } from './lab/soak.ts';
import { resultTable } from './result-table.ts';
import { benchScale } from './scale/scale.ts';
import { benchSteady } from './steady.ts';

interface Flags {
  runs: number;
  json?: boolean;
  contender?: string[];
}

interface ScaleFlags {
  groups: number;
  seconds: number;
  probeMs: number;
  fail: number;
  rounds: number;
  growth: boolean;
  profiles?: string;
  json?: boolean;
}

interface BenchResult {
  contenders: Readonly<Record<string, object>>;
}

/** Exit code: all went as it should, but a figure is above what is promised on a quiet machine. */
const aboveTheMark = 3;
/** Sentinel's down-after-milliseconds in each bench: its default where nothing is to be detected. */
const HANDOVER_DOWN_AFTER_MS = 30_000;
const CRASH_DOWN_AFTER_MS = 1_000;
const RESTART_DOWN_AFTER_MS = 5_000;

function program(): Command {
  const bench = new Command('bench').description('Understudy beside what else there is, on real Redis');
  addBench<HandoverContender>(bench, 'handover', {
    contenders: {
      understudy: () => new Understudy(),
      'redis-failover': () => new RedisFailover(),
      sentinel: () => new SentinelContender(HANDOVER_DOWN_AFTER_MS),
    },
    run: benchHandover,
  });
  addBench<CrashContender>(bench, 'crash', {
    contenders: {
      understudy: () => new Understudy(),
      sentinel: () => new SentinelContender(CRASH_DOWN_AFTER_MS),
    },
    run: async (options) => ({ ...(await benchCrash(options)), sentinelDownAfterMs: CRASH_DOWN_AFTER_MS }),
  });
  addBench<Contender>(bench, 'empty-restart', {
    contenders: {
      understudy: () => new Understudy(),
      sentinel: () => new SentinelContender(RESTART_DOWN_AFTER_MS),
      nobody: () => new Nobody(),
    },
    run: async (options) => ({
      ...(await benchEmptyRestart(options)),
      sentinelDownAfterMs: RESTART_DOWN_AFTER_MS,
    }),
  });
  bench
    .command('steady')
    .description('what one converged group costs while nothing happens')
    .option('--seconds <number>', 'how long to watch', positiveInteger, 60)
    .option('--json', 'one JSON document as the last line')
    .action(async (flags: { seconds: number; json?: boolean }) => {
      const result = await benchSteady(flags.seconds);
      const lines = Object.entries(result).map(([name, value]) => `${name}: ${value}`);
      process.stdout.write(`${flags.json ? JSON.stringify(result) : lines.join('\n')}\n`);
    });
  bench
    .command('kubernetes')
    .description('from a patch of spec.primary to the new primary, on a real API server')
    .option('--runs <number>', 'how many patches', positiveInteger, 20)
    .option('--json', 'one JSON document as the last line')
    .action(async (flags: { runs: number; json?: boolean }) => {
      const result = await benchPatches(flags.runs, tell);
      print(result, flags);
      if (!result.ok) process.exitCode = 1;
    });
  bench
    .command('scale')
    .description('what many groups in a cluster cost, on a real API server with played nodes')
    .option('--groups <number>', 'how many at the end; tenths of it before', positiveInteger, 1_000)
    .option('--seconds <number>', 'how long to watch the steady state', positiveInteger, 30)
    .option('--probe-ms <number>', 'how often each is looked at', positiveInteger, 1_000)
    .option('--fail <number>', 'how many primaries die at once', positiveInteger, 50)
    .option('--rounds <number>', 'how often they do', positiveInteger, 3)
    .option('--no-growth', 'without the tenths')
    .option('--profiles <folder>', 'leave profiles of the controller there')
    .option('--json', 'one JSON document as the last line')
    .action(async (flags: ScaleFlags) => {
      const result = await benchScale({ ...flags, failAtOnce: flags.fail, progress: tell });
      print(result, flags);
      if (!result.ok) process.exitCode = aboveTheMark;
    });
  bench
    .command('lab')
    .description('switchovers, crashes and power losses on real hosts (root)')
    .option('--runs <number>', 'runs of each', positiveInteger, 10)
    .option('--json', 'one JSON document as the last line')
    .action(async (flags: { runs: number; json?: boolean }) =>
      print(await benchLab(flags.runs, tell), flags),
    );
  bench
    .command('soak')
    .description('switchovers in a row on real hosts, and what is left of them (root)')
    .option('--switchovers <number>', 'how many', positiveInteger, 100)
    .option('--json', 'one JSON document as the last line')
    .action(async (flags: { switchovers: number; json?: boolean }) => {
      const result = await benchSoak(flags.switchovers, tell);
      print(result, flags);
      if (!result.ok) process.exitCode = 1;
    });
  return bench;
}

const tell = (line: string): void => void process.stderr.write(`${line}\n`);

function print(result: object, { json }: { json?: boolean }): void {
  process.stdout.write(`${json ? JSON.stringify(result) : JSON.stringify(result, null, 2)}\n`);
}

function addBench<C extends Contender>(
  bench: Command,
  name: string,
  { contenders, run }: { contenders: Contenders<C>; run: (options: BenchOptions<C>) => Promise<BenchResult> },
): void {
  bench
    .command(name)
    .option('--runs <number>', 'runs per contender', positiveInteger, 10)
    .option('--json', 'one JSON document as the last line')
    .addOption(new Option('--contender <name...>', 'only these').choices(Object.keys(contenders)))
    .action(async (flags: Flags) => {
      const progress = (line: string) => void process.stderr.write(`${line}\n`);
      const result = await run({
        runs: flags.runs,
        contenders: chosen(contenders, flags.contender),
        progress,
      });
      process.stdout.write(`${flags.json ? JSON.stringify(result) : resultTable(result)}\n`);
    });
}

function chosen<C extends Contender>(contenders: Contenders<C>, names: string[] | undefined): Contenders<C> {
  if (names === undefined) return contenders;
  return Object.fromEntries(Object.entries(contenders).filter(([name]) => names.includes(name)));
}

function positiveInteger(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('must be a positive whole number');
  return number;
}

// A signal ends the process by exit(), so that everything it started is reaped.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

try {
  await program().parseAsync();
} catch (error) {
  process.stderr.write(`${inspect(error)}\n`);
  // What a failed run left behind is reaped on exit.
  process.exit(1);
}
