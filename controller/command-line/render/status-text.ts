import type { Condition } from '../../../crd/status.ts';
import type { Look } from '../look.ts';
import type { Paint } from '../paint.ts';
import { attemptLines, copyLines, historyLine, lastChangeLines, underWayLine } from './change-lines.ts';
import { conditionsOf } from './conditions.ts';
import { type Headline, headlineOf } from './headline.ts';
import { nodeTable } from './node-table.ts';
import { wrap } from './wrap.ts';

export interface Page {
  readonly columns: number;
  readonly paint: Paint;
}

/** How many changes before the last one are shown. */
const shownHistory = 5;
const indent = '  ';

/** All that a tired person wants to know, the most important first. Pure: the look decides the text. */
export function statusText(look: Look, page: Page): string {
  const { group } = look.document;
  const epoch = look.recorded.epoch === undefined ? '' : `, epoch ${look.recorded.epoch}`;
  const title = `${page.paint.bold(group.metadata.name)}${page.paint.dim(`  ${look.document.file}${epoch}`)}`;
  const blocks = [
    [title, ...headlineLines(look, page)],
    nodeTable(look, page.paint),
    conditionLines(look, page),
    changeLines(look, page),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

function headlineLines(look: Look, page: Page): string[] {
  const headline = headlineOf(look);
  const lines = wrap(headline.text, page.columns).map((line) => coloured(headline, line, page.paint));
  const also = [...carers(look), ...(look.recordProblem === undefined ? [] : [look.recordProblem])];
  return [
    ...lines,
    ...also.flatMap((text) => wrap(text, page.columns)).map((line) => page.paint.yellow(line)),
  ];
}

function coloured({ level }: Headline, line: string, paint: Paint): string {
  const colour = level === 'good' ? paint.green : level === 'warn' ? paint.yellow : paint.red;
  return colour(line);
}

/** Whether anybody would act. */
function carers({ controllerRunning, document, situation }: Look): string[] {
  if (!controllerRunning)
    return [
      `No controller is running for it on this machine: nobody would fail over. Start one: understudy run --file ${document.path}`,
    ];
  return situation.spec.paused
    ? ['The group is paused: it is watched and left alone. Go on with: understudy resume']
    : [];
}

/** What is not as it should be; conditions with one cause are told together. The headline has told of a pause. */
function conditionLines(look: Look, page: Page): string[] {
  const causes = new Map<string, Condition[]>();
  for (const condition of conditionsOf(look)) {
    const { type, status, reason, message } = condition;
    if (status === 'True' || type === 'Paused') continue;
    const cause = `${status} ${reason} ${message}`;
    causes.set(cause, [...(causes.get(cause) ?? []), condition]);
  }
  const headline = headlineOf(look).text;
  return [...causes.values()].flatMap((conditions) => causeLines(conditions, headline, page));
}

function causeLines(conditions: readonly Condition[], headline: string, { columns, paint }: Page): string[] {
  const [first] = conditions;
  if (first === undefined) return [];
  const names = paint.yellow(conditions.map(({ type }) => type).join(', '));
  const told = headline.includes(first.message);
  return [
    `${first.status === 'Unknown' ? 'Unknown whether' : 'Not'} ${names}: ${paint.bold(first.reason)}`,
    ...(told ? [] : wrap(first.message, columns, indent)),
  ];
}

function changeLines({ recorded, situation }: Look, page: Page): string[] {
  const { transition, failedAttempt, lastTransition, history = [] } = recorded;
  const { now } = situation;
  const titled = (title: string, lines: readonly string[]): string[] => [
    page.paint.dim(title),
    ...lines.flatMap((line) => wrap(line, page.columns, indent)),
  ];
  const copies = copyLines(recorded);
  const earlier = history.slice(1, 1 + shownHistory).map(historyLine);
  return [
    ...(transition === undefined ? [] : titled('Under way', [underWayLine(transition, now)])),
    ...(failedAttempt === undefined ? [] : titled('Put back', attemptLines(failedAttempt, now))),
    ...(lastTransition === undefined ? [] : titled('Last change', lastChangeLines(lastTransition, now))),
    ...(earlier.length === 0 ? [] : titled('Before that', earlier)),
    ...(copies.length === 0 ? [] : titled('Diverged data kept', copies)),
  ];
}
