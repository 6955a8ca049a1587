import { parseArgs } from 'node:util';
import { Convergence, healedFrom } from './convergence.ts';
import { Explorer } from './explore.ts';
import { runPass } from './model-pass.ts';
import type { ModelScope, ModelState } from './model-state.ts';
import { freshState } from './model-state.ts';
import { tickMs } from './model-world.ts';
import { replay } from './replay.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    events: { type: 'string', default: '1' },
    writes: { type: 'string', default: '2' },
    states: { type: 'string', default: '1000000' },
    amidst: { type: 'string' },
    replay: { type: 'string' },
    nodes: { type: 'string', default: '2' },
  },
});
const three = values.nodes === '3';
const scope: ModelScope = {
  nodes: three ? ['a', 'b', 'c'] : ['a', 'b'],
  units: three ? ['bot-a.service'] : ['bot-a.service', 'bot-b.service'],
  leaseSeconds: 2,
  fences: !three,
  events: Number(values.events),
  writes: Number(values.writes),
  amidst: values.amidst === 'anything' ? 'anything' : 'controller',
};

async function atRest(): Promise<ModelState> {
  const state = healedFrom(scope, freshState(scope));
  for (let step = 0; step < 30; step += 1) {
    await runPass(scope, state);
    state.world.advance(tickMs);
  }
  state.world.write('a');
  state.world.advance(tickMs);
  for (const redis of state.world.redis) redis.snapshot = redis.data;
  return state;
}

const begun = process.cpuUsage();
const convergence = new Convergence(scope);
const roots = [
  { name: 'fresh', state: freshState(scope) },
  { name: 'at rest', state: await atRest() },
];
if (values.replay !== undefined) {
  await replay(scope, roots, values.replay.split('|'), (line) => console.log(line));
  process.exit(0);
}
const found = await new Explorer(scope, convergence).run(roots, {
  states: Number(values.states),
  violations: 20,
  progress: (states, cost) => process.stderr.write(`\r${states} ${cost}`),
});
const used = process.cpuUsage(begun);
for (const violation of found.violations)
  console.log(violation.message, '\n   ', violation.path.join('\n    '));
console.log({
  ...found,
  violations: found.violations.length,
  longest: convergence.longest,
  cpu: (used.user + used.system) / 1e6,
});
