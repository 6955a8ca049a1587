import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { oneOf, optionsOf, runChecker, UsageError } from '../world/checker-arguments.ts';
import type { WorkerMessage, WorldOrder, WorldResult } from './check-world.ts';
import type { Progress } from './explore.ts';
import type { ModelScope } from './model-state.ts';
import type { Hunt } from './mutants/hunt-mutant.ts';
import { huntMutant } from './mutants/hunt-mutant.ts';
import { mutants } from './mutants/mutants.ts';
import { replay } from './replay.ts';
import { rootsOf } from './roots.ts';
import type { SmallWorld } from './worlds.ts';
import { reducedWorlds, worlds } from './worlds.ts';

const usage = `npm run model -- [--json] [--reduced] [--no-mutants] [--world 0|1] [--mutant WORDS] [--replay PATH]
Goes through every state of two small worlds with the production pass, and hunts mutants of it.
  --world N       one of them
  --mutant WORDS  no world, and the mutants with these words in their names
  --replay PATH   tells a path that a violation printed, or a file that holds it
Exit codes: 0 all is as it must be, 1 it is not, 64 these arguments make no sense.`;

interface Asked {
  readonly json: boolean;
  readonly reduced: boolean;
  readonly worlds: readonly SmallWorld[];
  /** Absent: all, and the worlds as well. */
  readonly mutant?: string;
  readonly noMutants: boolean;
  readonly isOneWorld: boolean;
  readonly replay?: string;
}

function asked(): Asked | undefined {
  const values = optionsOf({
    json: { type: 'boolean' },
    reduced: { type: 'boolean' },
    'no-mutants': { type: 'boolean' },
    mutant: { type: 'string' },
    world: { type: 'string' },
    replay: { type: 'string' },
    help: { type: 'boolean' },
  });
  if (values.help === true) return undefined;
  const { json = false, reduced = false, mutant, world, replay: path } = values;
  const all = reduced ? reducedWorlds : worlds;
  const known = all.map((_world, at) => String(at));
  if (mutant !== undefined && !mutants.some(({ name }) => name.includes(mutant)))
    throw new UsageError(`--mutant: no name of a mutant has "${mutant}" in it`);
  return {
    json,
    reduced,
    worlds: world === undefined ? all : all.slice(Number(oneOf('--world', world, known))).slice(0, 1),
    ...(mutant === undefined ? {} : { mutant }),
    noMutants: values['no-mutants'] === true,
    isOneWorld: world !== undefined,
    ...(path === undefined ? {} : { replay: path }),
  };
}

const tellsJson = process.argv.includes('--json');
const tell = (line: string): void => void process[tellsJson ? 'stderr' : 'stdout'].write(`${line}\n`);
const begunAt = performance.now();
const tellProgress = (line: string): void => {
  process.stderr.write(`[${Math.round((performance.now() - begunAt) / 1000)} s] ${line}\n`);
};

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
  const name = nameOf(order.scope);
  tellProgress(`${name}: begun`);
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./check-world.ts', import.meta.url), { workerData: order });
    let last = { at: performance.now(), states: 0 };
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'result') return resolve(message.result);
      const now = performance.now();
      const perSecond = Math.round(((message.far.states - last.states) * 1000) / (now - last.at));
      last = { at: now, states: message.far.states };
      tellProgress(`${name}: ${told(message.far)}, ${perSecond} states/s`);
    });
    worker.once('error', reject);
  });
}

const nameOf = ({ name, nodes, units }: ModelScope): string =>
  `${nodes.length} nodes, ${units.length} units, ${name}`;

const told = ({ states, transitions, frontier, cost }: Progress): string =>
  `${states} states, ${transitions} transitions, ${frontier} not followed yet, ${cost} events`;

function tellPart(scope: ModelScope, result: WorldResult): void {
  const { states, transitions, perCost, measured, maxStepsToConverge, cpuSeconds, complete } = result;
  tell(
    `${nameOf(scope)}, at most ${scope.events} faults or edits on a path: ${states} distinct states (${perCost.join(' + ')} by events), ${transitions} transitions, at most ${maxStepsToConverge} steps to converge, ${measured} plans held against the shortest${complete ? '' : ' (GIVEN UP)'}; ${cpuSeconds} s of CPU`,
  );
  for (const [reason, times] of Object.entries(result.excused))
    tell(`  ${times} plans are longer than the shortest: ${reason}`);
  if (!complete) tell(`  given up at ${result.givenUp.join('|')}`);
  for (const { message, path } of result.violations) tell(`  ${message}\n    ${path.join('|')}`);
}

function tellHunt({ name, caught, failure }: Hunt): void {
  tell(
    caught === undefined
      ? `LIVES: ${name}${failure === undefined ? '' : `: ${failure}`}`
      : `caught: ${name}: ${caught.message}\n    ${caught.path.join('|')}`,
  );
}

/** Tells a path that a violation printed: labels with | between, or a file that holds them. */
async function tellPath(path: string, [world]: readonly SmallWorld[]): Promise<void> {
  const scope = world?.parts[0];
  if (scope === undefined) throw new Error('there is no such world');
  const { only: _only, roots: _roots, ...everywhere } = scope;
  const wide: ModelScope = { ...everywhere, events: 9, writes: 9, amidst: 'anything' };
  const labels = path.includes('|') ? path : readFileSync(path, 'utf8').trim();
  await replay(wide, await rootsOf(wide), labels.split('|'), tell);
}

interface Checked {
  readonly world: SmallWorld;
  readonly parts: WorldResult[];
}

async function check({ json, reduced, mutant, noMutants, isOneWorld, ...of }: Asked): Promise<boolean> {
  const hunted = noMutants ? [] : mutants.filter(({ name }) => name.includes(mutant ?? ''));
  const checked: Checked[] = mutant === undefined ? of.worlds.map((world) => ({ world, parts: [] })) : [];
  const hunts: Hunt[] = [];
  const explorations = checked.flatMap(({ world, parts }) =>
    world.parts.map((scope, at) => async () => {
      const result = await inWorker({ scope, mostStates, mostViolations });
      parts[at] = result;
      tellPart(scope, result);
    }),
  );
  const hunting = hunted.map((one, at) => async () => {
    tellProgress(`mutant ${at + 1} of ${hunted.length}: ${one.name}`);
    const hunt = await huntMutant(one);
    hunts[at] = hunt;
    tellHunt(hunt);
  });
  await inTurn([...explorations, ...hunting], (job) => job());
  const isWhole = mutant === undefined && !isOneWorld && !reduced;
  const counts = countsOf(checked);
  const never = isWhole ? Object.keys(counts).filter((kind) => counts[kind] === 0) : [];
  const caught = hunts.filter((hunt) => hunt.caught !== undefined).length;
  const figures = checked.map(figuresOf);
  const ok =
    // Nothing looked at is not well.
    checked.length + hunts.length > 0 &&
    caught === hunts.length &&
    never.length === 0 &&
    figures.every(({ violations, notMinimal }) => violations + notMinimal === 0) &&
    checked.every(({ parts }) => parts.every(({ complete }) => complete));
  for (const kind of never) tell(`NEVER TAKEN: ${kind}`);
  const whole = { ok, worlds: figures, mutants: { total: hunts.length, caught } };
  if (json) process.stdout.write(`${JSON.stringify(whole)}\n`);
  else tell(ok ? 'all is as it must be' : 'NOT as it must be');
  return ok;
}

function figuresOf({ world, parts }: Checked) {
  const states = new Set<number>();
  for (const { hashes } of parts) for (const hash of hashes) states.add(hash);
  const broken = parts.flatMap(({ violations }) => violations.map(({ invariant }) => invariant));
  const notMinimal = broken.filter((invariant) => invariant === 'S8').length;
  return {
    nodes: world.nodes,
    units: world.units,
    states: states.size,
    transitions: parts.reduce((sum, { transitions }) => sum + transitions, 0),
    maxStepsToConverge: Math.max(...parts.map((part) => part.maxStepsToConverge)),
    violations: broken.length - notMinimal,
    notMinimal,
  };
}

/** Tells how often each kind of event was taken. */
function countsOf(checked: readonly Checked[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { parts } of checked)
    for (const { kinds } of parts)
      for (const [kind, times] of Object.entries(kinds)) sum[kind] = (sum[kind] ?? 0) + times;
  for (const [kind, times] of Object.entries(sum)) tell(`  taken ${times} times: ${kind}`);
  return sum;
}

async function run(): Promise<number> {
  const what = asked();
  if (what === undefined) {
    console.log(usage);
    return 0;
  }
  if (what.replay === undefined) return (await check(what)) ? 0 : 1;
  await tellPath(what.replay, what.worlds);
  return 0;
}

await runChecker(usage, run);
