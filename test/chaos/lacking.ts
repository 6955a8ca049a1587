import type { ChaosResult } from './run-chaos.ts';

/** What a run must have had in it, by the minute, to prove anything: a half and less of what runs have. */
const least = { faults: 8, writes: 500 };
/** One change of each kind in so many minutes; a shorter run must have had one of any. */
const minutesAChange = 2;

/** What is not so that must be, in words; nothing: the run is well. */
export function lackingOf(result: ChaosResult, minutes: number): readonly string[] {
  const { verdict, deaths, convergence, astray, faults } = result;
  const { switchovers, failovers, ackedWrites } = verdict;
  const done = faults.filter(({ failure }) => failure === undefined).length;
  const changes = Math.floor(minutes / minutesAChange);
  const enough = (found: number, needed: number, words: string): string[] =>
    found >= needed ? [] : [`only ${found} ${words}: ${needed} are the least in ${minutes} minutes`];
  return [
    ...verdict.problems,
    ...deaths.map((end) => `the controller ended by itself (${end})`),
    ...(convergence.converged ? [] : [`no rest after ${convergence.seconds} s: ${convergence.why}`]),
    ...astray,
    ...enough(done, Math.max(1, Math.floor(least.faults * minutes)), 'faults took place'),
    ...enough(ackedWrites, Math.ceil(least.writes * minutes), 'writes were acknowledged'),
    ...enough(switchovers, changes, 'planned moves took place'),
    ...enough(failovers, changes, 'failovers took place'),
    ...enough(switchovers + failovers, 1, 'changes of primary took place'),
  ];
}
