import { startPair } from '../redis/redis-pair.ts';
import { monotonicMs } from '../traffic/monotonic.ts';
import { type BenchedRun, type BenchOptions, runInTurn } from './bench-run.ts';
import type { CrashContender } from './contender.ts';
import { type Percentiles, percentiles } from './percentile.ts';
import { RoleWatch } from './role-watch.ts';
import { measureSwitch, type SwitchMeasure } from './switch-run.ts';
import { type SwitchSummary, summarizeSwitches } from './switch-summary.ts';

interface CrashMeasure extends SwitchMeasure {
  detectMs: number;
  promotedMs: number;
}

interface CrashSummary extends SwitchSummary {
  /** From the kill to the contender's own verdict that the primary is dead. */
  detectMs: Percentiles;
  /** From the kill to the replica's first answer as a primary, seen from outside. */
  promotedMs: Percentiles;
}

export interface CrashResult {
  bench: 'crash';
  runs: number;
  contenders: Record<string, CrashSummary>;
}

/** The primary is SIGKILLed under writers and stays dead. */
export async function benchCrash(options: BenchOptions<CrashContender>): Promise<CrashResult> {
  const measures = await runInTurn(options, { startPair: () => startPair(), measure: measureCrash });
  const contenders = Object.entries(measures).map(([name, runs]) => [name, summarize(runs)] as const);
  return { bench: 'crash', runs: options.runs, contenders: Object.fromEntries(contenders) };
}

async function measureCrash(run: BenchedRun<CrashContender>): Promise<CrashMeasure> {
  const { pair, contender } = run;
  const watch = await RoleWatch.start(pair.replica);
  const times = { detectMs: Number.NaN, promotedMs: Number.NaN };
  try {
    const seen = await measureSwitch(run, async () => {
      const killedAt = monotonicMs();
      await pair.primary.kill('SIGKILL');
      times.detectMs = (await contender.recovered(killedAt)).detectMs;
      times.promotedMs = (await watch.promotedAt) - killedAt;
    });
    return { ...seen, ...times };
  } finally {
    await watch.close();
  }
}

function summarize(measures: readonly CrashMeasure[]): CrashSummary {
  return {
    detectMs: percentiles(measures.map((measure) => measure.detectMs)),
    promotedMs: percentiles(measures.map((measure) => measure.promotedMs)),
    ...summarizeSwitches(measures),
  };
}
