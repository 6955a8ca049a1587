import { healedFrom } from './convergence.ts';
import { runPass } from './model-pass.ts';
import type { ModelScope, ModelState } from './model-state.ts';
import { cloneState, freshState } from './model-state.ts';
import { tickMs } from './model-world.ts';

export interface Root {
  readonly name: string;
  readonly state: ModelState;
}

async function letRun(scope: ModelScope, state: ModelState, ticks: number): Promise<ModelState> {
  for (let tick = 0; tick < ticks; tick += 1) {
    for (let pass = 0; pass < 3; pass += 1) await runPass(scope, state);
    state.world.advance(tickMs);
  }
  return state;
}

/** Where paths begin: servers that nobody has looked after yet, a group at rest, and one that has failed over. */
export async function rootsOf(scope: ModelScope): Promise<readonly Root[]> {
  const [first = ''] = scope.nodes;
  const rested = await letRun(scope, healedFrom(scope, freshState(scope)), 10);
  rested.world.write(first);
  rested.world.advance(tickMs);
  await runPass(scope, rested);
  for (const redis of rested.world.redis) redis.snapshot = redis.data;
  const fenced = cloneState(rested);
  fenced.world.pulled = new Set([first]);
  await letRun(scope, fenced, 8);
  fenced.world.pulled = new Set();
  await letRun(scope, fenced, 3);
  const all = [
    { name: 'fresh', state: freshState(scope) },
    { name: 'at rest', state: rested },
    { name: 'failed over', state: fenced },
  ];
  return all.filter(({ name }) => scope.roots === undefined || scope.roots.includes(name));
}
