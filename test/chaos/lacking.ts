import type { ChaosResult } from './run-chaos.ts';

/** What a run must have had in it to be a proof of anything, by the minute. */
const leastFaults = 8;
/** From so many minutes on, the groups of both kinds of changes must have been there. */
const tellingMinutes = 5;

/** What is not so that must be, in words; nothing: the run is well. */
export function lackingOf(result: ChaosResult, minutes: number): readonly string[] {
  const { verdict, deaths, convergence, astray, faults } = result;
  const done = faults.filter(({ failure }) => failure === undefined).length;
  const rest = `no rest after ${convergence.seconds} s: ${convergence.why}`;
  const isTelling = minutes >= tellingMinutes;
  const missing = (isThere: boolean, words: string): string[] => (isThere ? [] : [words]);
  return [
    ...verdict.problems,
    ...deaths.map((end) => `the controller ended by itself (${end})`),
    ...missing(convergence.converged, rest),
    ...astray,
    ...missing(done >= Math.floor(leastFaults * minutes), `only ${done} faults took place`),
    ...missing(verdict.ackedWrites > 0, 'no write was acknowledged'),
    ...missing(!isTelling || verdict.switchovers > 0, 'no planned move took place'),
    ...missing(!isTelling || verdict.failovers > 0, 'no failover took place'),
  ];
}
