import type { Loss } from './losses.ts';
import type { ChaosResult } from './run-chaos.ts';

/** The last line of a run, as data, and what a person reads of it. */
export function summaryOf(
  { faults: tried, answers, convergence, lastStatus, astray, verdict, nodes, began }: ChaosResult,
  { seed, minutes, lacking }: { seed: number; minutes: number; lacking: readonly string[] },
): { json: unknown; lines: string[] } {
  const secondsOf = (ms: number): number => Math.round((ms - began) / 10) / 100;
  const { losses, strays, problems: _told, ...figures } = verdict;
  const faults = tried.filter(({ failure }) => failure === undefined);
  const isConverged = convergence.converged && astray.length === 0;
  const json = {
    ok: lacking.length === 0,
    seed,
    minutes,
    nodes,
    faults: faults.length,
    ...figures,
    operatorAsked: answers.length,
    converged: isConverged,
    convergedSeconds: convergence.seconds,
    losses,
    strays: strays.map((stray) => ({ ...stray, from: secondsOf(stray.from), to: secondsOf(stray.to) })),
    ...(lacking.length === 0 ? {} : { problems: lacking }),
  };
  const kinds = Map.groupBy(faults, ({ kind }) => kind);
  const lines = [
    '',
    `${faults.length} faults: ${[...kinds].map(([kind, all]) => `${all.length} ${kind}`).join(', ')}`,
    ...tried.flatMap(({ words, failure }) => (failure === undefined ? [] : [`  ${words}: ${failure}`])),
    ...answers.map((answer) => `The operator was asked whose data to keep, and answered ${answer}`),
    `${figures.switchovers} planned moves, ${figures.failovers} failovers, ${figures.adoptions} adoptions; ${figures.ackedWrites} acknowledged writes, ${figures.lostWrites} lost`,
    ...losses.map(lossLine),
    `  estimates of what was lost were too high by ${figures.estimatedAboveBytes} bytes at the most; of ${figures.unattributed} lost writes nothing tells whether a planned move lost them`,
    ...strays.map(
      ({ node, writes, bytes, from, to, inCopies, destroyed }) =>
        `  ${node} took ${writes} writes of ${bytes} bytes that are lost, at ${secondsOf(from)} to ${secondsOf(to)} s, and was not the primary; ${inCopies} of them are in a copy, ${destroyed} were destroyed`,
    ),
    ...lacking.map((problem) => `NOT SO: ${problem}`),
    isConverged ? `at rest ${convergence.seconds} s after the last fault` : lastStatus,
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
