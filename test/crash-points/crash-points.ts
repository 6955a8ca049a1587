import type { Disturbance } from './disturbances.ts';
import { disturbances, isDestructive } from './disturbances.ts';
import type { EffectId } from './reports.ts';
import type { Run } from './run-scenario.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenarios.ts';
import { isGood, judged, type TableRow } from './table-row.ts';

export interface CrashPointOptions {
  readonly scenarios: readonly Scenario[];
  /** How many stages at once. */
  readonly jobs: number;
  readonly tell: (line: string) => void;
}

/** A run in which the effect did not come about (a timer was early or late) is had again, so often at most. */
const mostTries = 4;

interface Job {
  readonly scenario: Scenario;
  readonly undisturbed: Run;
  readonly effect: EffectId;
  readonly index: number;
  readonly disturbance: Disturbance;
}

/** Every scenario, disturbed at each of its effects in turn. */
export async function crashPoints(options: CrashPointOptions): Promise<TableRow[]> {
  const undisturbed = await atOnce(options.jobs, options.scenarios, async (scenario) => {
    const run = await runScenario(scenario);
    options.tell(`${scenario.name}: ${run.effects.length} effects, ${JSON.stringify(run.counts)}`);
    return jobsOf(scenario, run);
  });
  const jobs = undisturbed.flat();
  let done = 0;
  return atOnce(options.jobs, jobs, async (job) => {
    const row = await disturbed(job);
    done += 1;
    options.tell(`${done}/${jobs.length} ${row.scenario} ${row.index} ${row.effect} ${row.disturbance}`);
    for (const difference of row.differences) options.tell(`  ${difference}`);
    return row;
  });
}

function jobsOf(scenario: Scenario, undisturbed: Run): Job[] {
  return disturbances.flatMap((disturbance) =>
    undisturbed.effects.flatMap(({ id: effect }, at) =>
      disturbance.destructiveOnly && !isDestructive(effect)
        ? []
        : [{ scenario, undisturbed, effect, index: at + 1, disturbance }],
    ),
  );
}

async function disturbed({ scenario, undisturbed, effect, index, disturbance }: Job): Promise<TableRow> {
  const place = { scenario: scenario.name, disturbance: disturbance.name, effect: nameOf(effect), index };
  const problems: string[] = [];
  for (let tries = 1; tries <= mostTries; tries += 1) {
    let run: Run;
    try {
      run = await runScenario(scenario, disturbance.order(effect));
    } catch (cause) {
      return failed(place, String(cause));
    }
    const row = judged(place, undisturbed, run);
    if (run.disturbed) return row;
    // Nothing was done to it: it must be as the one before, or that one is no measure.
    if (!isGood(row)) return row;
    problems.push(`the effect did not come about: ${run.effects.map(({ id }) => nameOf(id)).join(', ')}`);
  }
  return failed(place, problems.at(-1) ?? '');
}

function failed(
  place: Pick<TableRow, 'scenario' | 'disturbance' | 'effect' | 'index'>,
  why: string,
): TableRow {
  const nothing = { samePromotions: false, sameDemotions: false, sameStarts: false, sameStops: false };
  return { ...place, sameEnd: false, ...nothing, differences: [why] };
}

/** Of several of one name, which. */
const nameOf = ({ name, occurrence }: EffectId): string =>
  occurrence === 1 ? name : `${name} #${occurrence}`;

async function atOnce<T, R>(jobs: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return results;
}
