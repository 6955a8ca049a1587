import type { Finding } from '../../../reconcilers/reasons.ts';
import type { Look } from '../look.ts';
import { actionText } from './action-text.ts';
import { formatSeconds } from './quantities.ts';
import type { Page } from './status-text.ts';
import { wrap } from './wrap.ts';

const indent = '  ';

/** What would be done now, in order, and why; and what would be, if something were not in the way. */
export function planText(look: Look, page: Page): string {
  const { lead, plan, actions } = look.decision;
  const name = page.paint.bold(look.document.group.metadata.name);
  const analysis =
    lead.analysis === undefined
      ? []
      : [`${lead.current} is judged ${lead.analysis.reason}: ${lead.analysis.message}`];
  const what =
    lead.change === undefined
      ? []
      : [`${lead.change.kind} from ${lead.change.from} to ${lead.change.to} (${lead.change.cause}).`];
  const blocked = [lead.blocked, plan.blocked, plan.unitsBlocked].filter((one) => one !== undefined);
  const lines = [
    name,
    ...[...analysis, ...what].flatMap((text) => wrap(text, page.columns)),
    '',
    ...(actions.length === 0 ? ['Nothing would be done now.'] : ['Would be done now, in this order:']),
    ...actions.flatMap((action, index) => numbered(index + 1, actionText(action), page.columns)),
    ...blockedLines(distinct(blocked), page),
    ...(lead.decidesInMs === undefined
      ? []
      : [`This may change in ${formatSeconds(lead.decidesInMs / 1000)}.`]),
    ...(look.controllerRunning ? [] : ['', 'No controller is running: nothing of this will be done.']),
    ...(look.situation.spec.paused ? ['', 'The group is paused: only status would be written.'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** The number stands out before the lines of its text. */
function numbered(number: number, text: string, columns: number): string[] {
  const [first = '', ...rest] = wrap(text, columns, ' '.repeat(5));
  return [`${`  ${number}.`.padEnd(5)}${first.trimStart()}`, ...rest];
}

function distinct(findings: readonly Finding[]): Finding[] {
  return findings.filter(
    (one, index) => findings.findIndex(({ message }) => message === one.message) === index,
  );
}

function blockedLines(findings: readonly Finding[], { columns, paint }: Page): string[] {
  return findings.flatMap(({ reason, message }) => [
    '',
    `Not done, because: ${paint.yellow(reason)}`,
    ...wrap(message, columns, indent),
  ]);
}
