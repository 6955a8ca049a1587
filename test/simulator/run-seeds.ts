import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Break } from './breaks.ts';
import type { RunResult } from './simulation.ts';
import type { WorkerTerms } from './worker.ts';

export interface SeedRange {
  readonly first: number;
  readonly count: number;
  readonly hours: number;
  /** Absent: as many as there are processors. */
  readonly workers?: number;
  readonly sabotage?: Break;
}

/** Runs many seeds on all processors; `tell` gets each result as it comes, and says whether that is enough. */
export async function runSeeds(
  range: SeedRange,
  tell: (result: RunResult) => 'enough' | undefined,
): Promise<void> {
  const { first, count, hours, workers = availableParallelism(), sabotage } = range;
  let next = first;
  const end = first + count;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const workerData: WorkerTerms = { hours, sabotage };
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData });
      const feed = (): void => {
        if (next >= end) {
          worker.terminate().then(() => resolve(), reject);
          return;
        }
        worker.postMessage(next);
        next += 1;
      };
      worker.on('message', (result: RunResult) => {
        if (tell(result) === 'enough') next = end;
        feed();
      });
      worker.on('error', reject);
      feed();
    });
  await Promise.all(Array.from({ length: Math.min(workers, count) }, work));
}
