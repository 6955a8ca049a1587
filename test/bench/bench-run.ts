import type { RedisPair } from '../redis/redis-pair.ts';
import type { Contender, Contenders } from './contender.ts';

export interface BenchOptions<C extends Contender> {
  runs: number;
  contenders: Contenders<C>;
  /** Told of every run as it ends. */
  progress: (line: string) => void;
}

/** One run of one contender. */
export interface BenchedRun<C extends Contender> {
  pair: RedisPair;
  contender: C;
  /** From 0 to 1: where in a cycle this run acts; the same for all contenders, evenly spread over the runs. */
  phase: number;
}

/** How one run is made: a fresh pair, and what is measured on it while the contender looks after it. */
export interface RunSteps<C extends Contender, M> {
  startPair: () => Promise<RedisPair>;
  measure: (run: BenchedRun<C>) => Promise<M>;
}

/** Runs the contenders in turn, so that a change in the machine's load meets them all; measures by name. */
export async function runInTurn<C extends Contender, M>(
  options: BenchOptions<C>,
  steps: RunSteps<C, M>,
): Promise<Record<string, M[]>> {
  const measures: Record<string, M[]> = {};
  for (let run = 1; run <= options.runs; run += 1) {
    for (const [name, make] of Object.entries(options.contenders)) {
      const measured = await runOnce(make(), (run - 0.5) / options.runs, steps);
      measures[name] = [...(measures[name] ?? []), measured];
      options.progress(`run ${run}/${options.runs} ${name}: ${JSON.stringify(measured)}`);
    }
  }
  return measures;
}

async function runOnce<C extends Contender, M>(
  contender: C,
  phase: number,
  steps: RunSteps<C, M>,
): Promise<M> {
  const pair = await steps.startPair();
  try {
    await contender.setUp(pair);
    return await steps.measure({ pair, contender, phase });
  } finally {
    await contender.tearDown();
    await pair.stop();
  }
}
