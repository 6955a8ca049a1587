import Table from 'cli-table3';
import { formatMs } from './format-ms.ts';
import type { StepResult } from './step-result.ts';
import { faultsOf } from './step-result.ts';
import { paint, wrap } from './styled.ts';

const columnsOfText = 78;
const columns = [
  'step',
  'detection*',
  'promotion*',
  'units*',
  'write gap',
  'bots gap',
  'acked',
  'lost',
  'overlap',
];
const noFrame = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', left: '', 'left-mid': '', middle: ' ' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '', right: '', 'right-mid': '' },
  ...{ mid: '', 'mid-mid': '' },
};

const footnote = [
  '* told by the controller (status.lastTransition). All else was measured by the',
  '  four writers and by the bots themselves: write gap is the longest time without',
  '  any acknowledged write, bots gap the longest in which a bot did not work.',
];

/** What each step cost, as a person reads it: at most 79 columns. */
export function resultLines(results: readonly StepResult[], colours: boolean): string[] {
  const table = new Table({
    head: columns,
    colAligns: ['left', ...columns.slice(1).map(() => 'right' as const)],
    chars: noFrame,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const result of results) table.push(cells(result));
  const [head = '', ...rows] = table.toString().split('\n');
  const dim = (text: string) => (colours ? paint.dim(text) : text);
  return [
    colours ? paint.bold(head) : head,
    dim('─'.repeat(head.length)),
    ...rows,
    '',
    ...footnote.map(dim),
    ...ownStartLines(results).map(dim),
    ...keptLines(results),
    ...faultsOf(results).map((fault) => (colours ? paint.red(`✗ ${fault}`) : `FAILED ${fault}`)),
  ];
}

function cells(result: StepResult): string[] {
  const { detectMs, promoteMs, unitsMs } = result.told;
  const told = [detectMs, promoteMs, unitsMs].map((time) => (time === undefined ? '–' : formatMs(time)));
  return [
    result.name,
    ...told,
    formatMs(result.writeGapMs),
    formatMs(result.unitsGapMs),
    result.ackedWrites.toLocaleString('en'),
    result.lostWrites.toLocaleString('en'),
    formatMs(result.overlapMs),
  ];
}

function ownStartLines(results: readonly StepResult[]): string[] {
  const own = Math.max(...results.map(({ unitsOwnStartMs }) => unitsOwnStartMs ?? 0));
  return own > 0
    ? [`  Of that, up to ${formatMs(own)} is the start of the bots' own program (Node.js).`]
    : [];
}

function keptLines(results: readonly StepResult[]): string[] {
  const lost = results.find(({ name }) => name === 'failover')?.lostWrites ?? 0;
  const rejoin = results.find(({ keptWrites }) => keptWrites !== undefined);
  if (rejoin === undefined) return [];
  const counted = (rejoin.countedLostBytes ?? 0).toLocaleString('en');
  const bytes = rejoin.countedExactly === true ? counted : `${counted} or more`;
  const where = (rejoin.preserved ?? '?').split(':')[0];
  const has = rejoin.keptWrites === lost ? `all ${lost}` : `only ${rejoin.keptWrites}`;
  const text = `The crash lost ${lost} acknowledged writes. Understudy counted ${bytes} bytes of them and kept the old data on ${where}: a Redis started on that copy has ${has} of them.`;
  return ['', ...wrap(text, columnsOfText)];
}
