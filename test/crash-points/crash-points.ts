import type { Disturbance } from './disturbances.ts';
import { disturbances, isDestructive } from './disturbances.ts';
import { isBookkeeping, isOfChange } from './record-name.ts';
import type { EffectId } from './reports.ts';
import type { Run } from './run-scenario.ts';
import { runScenario, runSteady } from './run-scenario.ts';
import type { Scenario } from './scenarios.ts';
import { failed, isGood, judged, type Place, type TableRow } from './table-row.ts';
import { undoneChanges } from './undone-changes.ts';

export interface CrashPointOptions {
  readonly scenarios: readonly Scenario[];
  /** Those of them that are tried; absent: all. */
  readonly disturbances?: readonly Disturbance['name'][];
  /** Whether changes that are undone between two looks are tried, too. */
  readonly undone: boolean;
  /** How many stages at once. */
  readonly jobs: number;
  readonly tell: (line: string) => void;
}

/** A run in which the effect did not come about (a look was early or late) is had again, so often at most. */
const mostTries = 4;

/** What was had of them all. */
export interface CrashPoints {
  readonly table: readonly TableRow[];
  /** Records of bookkeeping that did not come about again, in as many tries as there are: of those nothing is known. */
  readonly notAgain: readonly Place[];
}

type Job = () => Promise<TableRow | NotAgain>;

/** One of several records of a kind, of which there are more or fewer as the looks fall. */
interface NotAgain {
  readonly notAgain: Place;
}

/** Every scenario, disturbed at each of its effects in turn; each row beside the undisturbed run. */
export async function crashPoints(options: CrashPointOptions): Promise<CrashPoints> {
  const prepared = await inTurn(options.jobs, options.scenarios, async (scenario) => {
    const run = await runScenario(scenario);
    options.tell(`${scenario.name}: ${run.effects.length} effects, ${JSON.stringify(run.counts)}`);
    return jobsOf(scenario, run, options.disturbances);
  });
  const jobs = [...prepared.flat(), ...(options.undone ? await undoneJobs() : [])];
  let done = 0;
  const notAgain: Place[] = [];
  const rows = await inTurn(options.jobs, jobs, async (job) => {
    const row = await job();
    done += 1;
    if ('notAgain' in row) {
      notAgain.push(row.notAgain);
      options.tell(
        `${done}/${jobs.length} ${row.notAgain.scenario}: ${row.notAgain.effect}: did not come again`,
      );
      return [];
    }
    options.tell(`${done}/${jobs.length} ${row.scenario}: ${row.effect}: ${row.disturbance}`);
    for (const difference of row.differences) options.tell(`  ${difference}`);
    return [row];
  });
  return { table: rows.flat(), notAgain };
}

function jobsOf(scenario: Scenario, undisturbed: Run, chosen?: readonly Disturbance['name'][]): Job[] {
  return disturbances
    .filter(({ name }) => chosen?.includes(name) ?? true)
    .flatMap((disturbance) =>
      undisturbed.effects.flatMap(({ id }, at) => {
        if (disturbance.destructiveOnly && !isDestructive(id)) return [];
        const effect = nameOf(id);
        // Nobody who comes later can know what a dead primary had, unless it is on record.
        const unseen = at < undisturbed.effects.findIndex((one) => isOfChange(one.id));
        const place = { scenario: scenario.name, disturbance: disturbance.name, effect, index: at + 1 };
        const expected = (run: Run): Run => (unseen ? withLossesOf(run, undisturbed) : undisturbed);
        return [() => disturbed(place, expected, () => runScenario(scenario, disturbance.order(id)))];
      }),
    );
}

async function undoneJobs(): Promise<Job[]> {
  const undisturbed = await runSteady();
  return undoneChanges.map(({ name, happen }, at) => {
    const place = { scenario: 'at rest', disturbance: 'undone', effect: name, index: at + 1 } as const;
    return () =>
      disturbed(
        place,
        () => undisturbed,
        () => runSteady(happen),
      );
  });
}

async function disturbed(
  place: Place,
  expected: (run: Run) => Run,
  again: () => Promise<Run>,
): Promise<TableRow | NotAgain> {
  let seen = '';
  for (let tries = 1; tries <= mostTries; tries += 1) {
    const run = await again().catch((cause: unknown) => String(cause));
    if (typeof run === 'string') return failed(place, run);
    const row = judged(place, expected(run), run);
    // Where nothing was done to it, it must be as the first one, or that one is no measure.
    if (run.disturbed || !isGood(row)) return row;
    seen = run.effects.map(({ id }) => nameOf(id)).join(', ');
  }
  if (isBookkeeping(place.effect)) return { notAgain: place };
  return failed(place, `the effect did not come about again: ${seen}`);
}

const withLossesOf = ({ end }: Run, run: Run): Run => ({ ...run, end: { ...run.end, losses: end.losses } });

/** Of several of one name, which. */
const nameOf = ({ name, occurrence }: EffectId): string =>
  occurrence === 1 ? name : `${name} #${occurrence}`;

async function inTurn<T, R>(jobs: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return results;
}
