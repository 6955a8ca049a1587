import { parentPort, workerData } from 'node:worker_threads';
import { Convergence } from './convergence.ts';
import type { Exploration, Progress } from './explore.ts';
import { Explorer } from './explore.ts';
import type { ModelScope } from './model-state.ts';
import { rootsOf } from './roots.ts';

/** What a worker is given. */
export interface WorldOrder {
  readonly scope: ModelScope;
  readonly mostStates: number;
  readonly mostViolations: number;
}

/** What came of one world. */
export interface WorldResult extends Exploration {
  readonly maxStepsToConverge: number;
  /** States whose plan was held against the shortest one. */
  readonly measured: number;
  /** Those whose plan is longer, by the reason why that is right. */
  readonly excused: Readonly<Record<string, number>>;
  readonly cpuSeconds: number;
}

export type WorkerMessage =
  | { readonly kind: 'progress'; readonly far: Progress }
  | { readonly kind: 'result'; readonly result: WorldResult };

const progressEveryMs = 5_000;

export async function checkWorld(
  { scope, mostStates, mostViolations }: WorldOrder,
  progress?: (far: Progress) => void,
): Promise<WorldResult> {
  const before = process.threadCpuUsage();
  const convergence = new Convergence(scope);
  const explorer = new Explorer(scope, convergence);
  const found = await explorer.run(await rootsOf(scope), {
    states: mostStates,
    violations: mostViolations,
    ...(progress === undefined ? {} : { progress: every(progressEveryMs, progress) }),
  });
  const used = process.threadCpuUsage(before);
  return {
    ...found,
    maxStepsToConverge: convergence.longest,
    measured: convergence.measured,
    excused: Object.fromEntries(convergence.excused),
    cpuSeconds: Math.round((used.user + used.system) / 1e5) / 10,
  };
}

function every(milliseconds: number, progress: (far: Progress) => void): (far: Progress) => void {
  let told = performance.now();
  return (far) => {
    if (performance.now() - told < milliseconds) return;
    told = performance.now();
    progress(far);
  };
}

if (parentPort !== null && workerData !== null) {
  const tell = (message: WorkerMessage): void => parentPort?.postMessage(message);
  const result = await checkWorld(workerData as WorldOrder, (far) => tell({ kind: 'progress', far }));
  tell({ kind: 'result', result });
}
