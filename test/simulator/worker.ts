import { registerHooks } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { Break } from './breaks.ts';

/** What a worker is started with: it runs the seeds that it is sent, one after the other. */
export interface WorkerTerms {
  readonly hours: number;
  /** Production code as it must not be. */
  readonly sabotage?: Break | undefined;
}

const { hours, sabotage } = workerData as WorkerTerms;
if (sabotage !== undefined) breakSource(sabotage);
// Only now: whatever it imports is broken before it is loaded.
const { Simulation } = await import('./simulation.ts');

parentPort?.on('message', (seed: number) => {
  new Simulation({ seed, hours }).run().then(
    (result) => parentPort?.postMessage(result),
    (cause: unknown) => {
      throw cause;
    },
  );
});

/** From here on that file is loaded with the text replaced. Throws when the text is not there exactly once. */
function breakSource({ file, from, to }: Break): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(file)) return loaded;
      const source = String(loaded.source);
      if (source.split(from).length !== 2) throw new Error(`${file} does not hold this once: ${from}`);
      return { ...loaded, source: source.replace(from, () => to) };
    },
  });
}
