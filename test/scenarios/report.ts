import Table from 'cli-table3';
import type { Played } from './play.ts';

/** How a scenario went, in one line, and what was wrong with it below. */
export function lineOf({ name, ok, seconds, problems }: Played): string {
  const head = `${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`;
  return [head, ...problems.map((problem) => `         ${problem.replaceAll('\n', '\n         ')}`)].join(
    '\n',
  );
}

/** The results as a person reads them. */
export function table(results: readonly Played[]): string {
  const head = [
    'scenario',
    'ok',
    'overlap ms',
    'lost writes',
    'counted bytes',
    'units gap ms',
    'write gap ms',
  ];
  const rows = new Table({ head, style: { head: [], border: [] } });
  for (const one of results)
    rows.push([
      one.name,
      one.ok ? 'yes' : 'NO',
      ...[one.overlapMs, one.lostWrites, one.countedLostBytes, one.unitsGapMs, one.writeGapMs].map((value) =>
        value.toLocaleString('en'),
      ),
    ]);
  return rows.toString();
}
