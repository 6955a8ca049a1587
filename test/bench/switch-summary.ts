import { type Percentiles, percentiles } from './percentile.ts';
import type { SwitchMeasure } from './switch-run.ts';

/** All runs of one contender. */
export interface SwitchSummary {
  writeGapMs: Percentiles;
  slowestWriterGapMs: Percentiles;
  noiseMs: Percentiles;
  /** Over all runs. */
  ackedWrites: number;
  /** Of the run that had fewest. */
  ackedWritesMin: number;
  /** Over all runs. */
  lostWrites: number;
}

export function summarizeSwitches(measures: readonly SwitchMeasure[]): SwitchSummary {
  const acked = measures.map((measure) => measure.ackedWrites);
  return {
    writeGapMs: percentiles(measures.map((measure) => measure.writeGapMs)),
    slowestWriterGapMs: percentiles(measures.map((measure) => measure.slowestWriterGapMs)),
    noiseMs: percentiles(measures.map((measure) => measure.noiseMs)),
    ackedWrites: acked.reduce((sum, count) => sum + count, 0),
    ackedWritesMin: Math.min(...acked),
    lostWrites: measures.reduce((sum, measure) => sum + measure.lostWrites, 0),
  };
}
