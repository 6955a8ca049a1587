import { parentPort, workerData } from 'node:worker_threads';
import { Convergence } from './convergence.ts';
import type { Violation } from './explore.ts';
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
export interface WorldResult {
  readonly nodes: number;
  readonly units: number;
  readonly events: number;
  readonly states: number;
  readonly transitions: number;
  readonly perCost: readonly number[];
  readonly maxStepsToConverge: number;
  readonly violations: readonly Violation[];
  readonly notMinimal: readonly string[];
  readonly complete: boolean;
  readonly cpuSeconds: number;
}

export async function checkWorld({ scope, mostStates, mostViolations }: WorldOrder): Promise<WorldResult> {
  const before = process.threadCpuUsage();
  const convergence = new Convergence(scope);
  const explorer = new Explorer(scope, convergence);
  const found = await explorer.run(await rootsOf(scope), { states: mostStates, violations: mostViolations });
  const used = process.threadCpuUsage(before);
  return {
    nodes: scope.nodes.length,
    units: scope.units.length,
    events: scope.events,
    ...found,
    maxStepsToConverge: convergence.longest,
    notMinimal: [],
    cpuSeconds: Math.round((used.user + used.system) / 1e5) / 10,
  };
}

if (parentPort !== null && workerData !== null)
  parentPort.postMessage(await checkWorld(workerData as WorldOrder));
