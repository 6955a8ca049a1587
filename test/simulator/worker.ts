import { parentPort, workerData } from 'node:worker_threads';
import { Simulation } from './simulation.ts';

/** What a worker is started with: it runs the seeds that it is sent, one after the other. */
export interface WorkerTerms {
  readonly hours: number;
}

const { hours } = workerData as WorkerTerms;

parentPort?.on('message', (seed: number) => {
  new Simulation({ seed, hours }).run().then(
    (result) => parentPort?.postMessage(result),
    (cause: unknown) => {
      throw cause;
    },
  );
});
