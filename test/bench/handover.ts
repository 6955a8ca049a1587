import { startPair } from '../redis/redis-pair.ts';
import { type BenchOptions, runInTurn } from './bench-run.ts';
import type { HandoverContender } from './contender.ts';
import { measureSwitch } from './switch-run.ts';
import { type SwitchSummary, summarizeSwitches } from './switch-summary.ts';

export interface HandoverResult {
  bench: 'handover';
  runs: number;
  contenders: Record<string, SwitchSummary>;
}

/** A planned move of the primary between two healthy nodes, under writers. */
export async function benchHandover(options: BenchOptions<HandoverContender>): Promise<HandoverResult> {
  const measures = await runInTurn(options, {
    startPair: () => startPair(),
    measure: (run) => measureSwitch(run, () => run.contender.handOver()),
  });
  const contenders = Object.entries(measures).map(([name, runs]) => [name, summarizeSwitches(runs)] as const);
  return { bench: 'handover', runs: options.runs, contenders: Object.fromEntries(contenders) };
}
