import type { Loss } from './check-history.ts';
import type { ChaosResult } from './run-chaos.ts';

/** The last line of a run, as data, and what a person reads of it. */
export function summaryOf(
  { faults, answers, deaths, convergence, lastStatus, verdict, nodes, began }: ChaosResult,
  { seed, minutes, ok }: { seed: number; minutes: number; ok: boolean },
): { json: unknown; lines: string[] } {
  const secondsOf = (ms: number): number => Math.round((ms - began) / 10) / 100;
  const { losses, strays, problems, ...figures } = verdict;
  const json = {
    ok,
    seed,
    minutes,
    nodes,
    faults: faults.length,
    ...figures,
    operatorAsked: answers.length,
    converged: convergence.converged,
    convergedSeconds: convergence.seconds,
    losses,
    strays: strays.map((stray) => ({ ...stray, from: secondsOf(stray.from), to: secondsOf(stray.to) })),
    ...(problems.length === 0 ? {} : { problems }),
  };
  const kinds = Map.groupBy(faults, ({ kind }) => kind);
  const lines = [
    '',
    `${faults.length} faults: ${[...kinds].map(([kind, all]) => `${all.length} ${kind}`).join(', ')}`,
    ...faults.flatMap(({ words, failure }) => (failure === undefined ? [] : [`  ${words}: ${failure}`])),
    ...answers.map((answer) => `The operator was asked whose data to keep, and answered ${answer}`),
    `${figures.switchovers} planned moves, ${figures.failovers} failovers, ${figures.adoptions} adoptions; ${figures.ackedWrites} acknowledged writes, ${figures.lostWrites} lost`,
    ...losses.map(lossLine),
    ...strays.map(
      ({ node, writes, bytes, from, to, inCopies, destroyed }) =>
        `  ${node} took ${writes} writes of ${bytes} bytes that are lost, at ${secondsOf(from)} to ${secondsOf(to)} s, and was not the primary; ${inCopies} of them are in a copy, ${destroyed} were destroyed`,
    ),
    ...deaths.map((end) => `NOT SO: the controller ended by itself (${end})`),
    ...problems.map((problem) => `NOT SO: ${problem}`),
    convergence.converged
      ? `at rest ${convergence.seconds} s after the last fault`
      : `NOT SO: no rest after ${convergence.seconds} s: ${convergence.why}\n${lastStatus}`,
  ];
  return { json, lines };
}

const lossLine = ({
  kind,
  from,
  to,
  cause,
  writes,
  bytes,
  countedBytes,
  exact,
  inCopies,
  destroyed,
}: Loss): string =>
  `  ${kind} ${from ?? '?'}→${to} (${cause}): ${writes} writes of ${bytes} bytes lost; the controller counted ${countedBytes ?? 'nothing'}${exact === true ? '' : ' (estimate)'}; ${inCopies} of them are in a copy, ${destroyed} were destroyed`;
