import { healedFrom } from './convergence.ts';
import { isAsking } from './model-event.ts';
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

/** Two servers that nobody has looked after yet, each a primary with a write of its own: whose is to be kept? */
async function asking(scope: ModelScope): Promise<ModelState> {
  const [first = '', second = ''] = scope.nodes;
  const state = healedFrom(scope, freshState(scope));
  state.world.promote(second);
  state.world.write(first);
  state.world.write(second);
  await letRun(scope, state, 3);
  if (!isAsking(state)) throw new Error('a group of two primaries does not ask whose data to keep');
  return state;
}

/** Where paths begin: servers that nobody has looked after yet, a group at rest, one that has failed over, and one that asks. */
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
    { name: 'asking', state: await asking(scope) },
  ];
  for (const { state } of all) state.manual = scope.manual === true;
  return all.filter(({ name }) => scope.roots === undefined || scope.roots.includes(name));
}
