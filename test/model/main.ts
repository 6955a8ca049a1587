import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { WorldOrder, WorldResult } from './check-world.ts';
import type { Hunt } from './mutants/hunt-mutant.ts';
import { huntMutant } from './mutants/hunt-mutant.ts';
import { mutants } from './mutants/mutants.ts';
import { replay } from './replay.ts';
import { rootsOf } from './roots.ts';
import { reducedWorlds, worlds } from './worlds.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    reduced: { type: 'boolean', default: false },
    'no-mutants': { type: 'boolean', default: false },
    mutant: { type: 'string' },
    world: { type: 'string' },
    replay: { type: 'string' },
  },
});

const tell = (line: string): void => void process[values.json ? 'stderr' : 'stdout'].write(`${line}\n`);

const mostStates = 5_000_000;
const mostViolations = 20;
/** Two cores are what it is made for. */
const atOnce = 2;

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

function inWorker(order: WorldOrder): Promise<WorldResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./check-world.ts', import.meta.url), { workerData: order });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function tellWorld(result: WorldResult): void {
  const { nodes, units, events, states, transitions, maxStepsToConverge, cpuSeconds, complete } = result;
  tell(
    `${nodes} nodes, ${units} units, at most ${events} faults or edits on a path: ${states} distinct states, ${transitions} transitions, at most ${maxStepsToConverge} steps to converge${complete ? '' : ' (GIVEN UP)'}; ${cpuSeconds} s of CPU`,
  );
  for (const { message, path } of result.violations) tell(`  ${message}\n    ${path.join('|')}`);
  for (const message of result.notMinimal) tell(`  not minimal: ${message}`);
}

function tellHunt({ name, caught }: Hunt): void {
  tell(
    caught === undefined
      ? `LIVES: ${name}`
      : `caught: ${name}: ${caught.message}\n    ${caught.path.join('|')}`,
  );
}

/** Tells a path that a violation printed: labels with | between, or a file that holds them. */
async function tellPath(path: string): Promise<void> {
  const [scope] = (values.reduced ? reducedWorlds : worlds).slice(Number(values.world ?? 0));
  if (scope === undefined) throw new Error('there is no such world');
  const everywhere = { nodes: scope.nodes, units: scope.units, leaseSeconds: 2, fences: scope.fences };
  const wide = { ...everywhere, events: 9, writes: 9, amidst: 'anything' as const };
  const labels = path.includes('|') ? path : readFileSync(path, 'utf8').trim();
  await replay(wide, await rootsOf(wide), labels.split('|'), tell);
}

async function check(): Promise<boolean> {
  const chosen = (values.reduced ? reducedWorlds : worlds).filter(
    (_scope, at) => values.world === undefined || at === Number(values.world),
  );
  const hunted = values['no-mutants'] ? [] : mutants.filter(({ name }) => name.includes(values.mutant ?? ''));
  const results: WorldResult[] = [];
  const hunts: Hunt[] = [];
  const work = [
    ...(values.mutant === undefined ? chosen : []).map((scope, at) => async () => {
      const result = await inWorker({ scope, mostStates, mostViolations });
      results[at] = result;
      tellWorld(result);
    }),
    ...hunted.map((mutant, at) => async () => {
      const hunt = await huntMutant(mutant);
      hunts[at] = hunt;
      tellHunt(hunt);
    }),
  ];
  await inTurn(work, (job) => job());
  const caught = hunts.filter((hunt) => hunt.caught !== undefined).length;
  const ok =
    caught === hunts.length &&
    results.every(
      ({ complete, violations, notMinimal }) =>
        complete && violations.length === 0 && notMinimal.length === 0,
    );
  const figures = {
    ok,
    worlds: results.map((result) => ({
      nodes: result.nodes,
      units: result.units,
      states: result.states,
      transitions: result.transitions,
      maxStepsToConverge: result.maxStepsToConverge,
      violations: result.violations.length,
      notMinimal: result.notMinimal.length,
    })),
    mutants: { total: hunts.length, caught },
  };
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else tell(ok ? 'all is as it must be' : 'NOT as it must be');
  return ok;
}

if (values.replay !== undefined) await tellPath(values.replay);
else if (!(await check())) process.exitCode = 1;
