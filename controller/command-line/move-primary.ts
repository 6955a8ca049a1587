import { isLookedAfter } from './controller-probe.ts';
import { editGroupFile } from './edit-group-file.ts';
import { ExitCode } from './exit-code.ts';
import { followStatus } from './follow-status.ts';
import { LiveProgress } from './live-progress.ts';
import type { Look } from './look.ts';
import type { MoveRequest } from './move-request.ts';
import { whyRefused, writeRequest } from './move-request.ts';
import type { MoveVerdict } from './move-verdict.ts';
import { moveStep, moveVerdict } from './move-verdict.ts';
import type { CommandOutcome } from './outcome.ts';
import { lastChangeLines } from './render/change-lines.ts';
import { formatTime } from './render/quantities.ts';
import type { Terminal } from './terminal.ts';

/** Checks, asks by editing the group's file, and follows the record to the end. */
export async function movePrimary(
  terminal: Terminal,
  look: Look,
  request: MoveRequest,
  timeoutSeconds: number,
): Promise<CommandOutcome> {
  const { to } = request;
  const refusal = whyRefused(look, request);
  if (refusal !== undefined) {
    const text = `Refused, and nothing was changed: ${refusal.reason}.\n${refusal.message}`;
    return { code: ExitCode.refused, text, document: { outcome: 'refused', to, ...refusal } };
  }
  const { file, group } = look.document;
  const progress = new LiveProgress(terminal);
  const edited = await editGroupFile(file, (text) => writeRequest(text, request, group.spec.primary));
  progress.step(edited ? `asked in ${file}` : `asked for in ${file} already`);
  const seen = { step: '' };
  const verdict = await followStatus({
    file,
    timeoutMs: timeoutSeconds * 1000 - progress.seconds * 1000,
    judge: (status) => {
      const step = moveStep(status, to);
      if (step !== undefined) progress.step(step);
      seen.step = step ?? seen.step;
      return moveVerdict(look.recorded, status, to);
    },
  });
  progress.end();
  const { seconds } = progress;
  if (verdict === 'timeout') return stillGoing(look, to, seconds, seen.step);
  return ended(look, to, seconds, verdict);
}

async function stillGoing(look: Look, to: string, seconds: number, step: string): Promise<CommandOutcome> {
  const { file } = look.document;
  const last = step === '' ? 'the controller has not taken it up' : step;
  const gone = (await isLookedAfter(file)) ? '' : ' The controller has ended meanwhile: start it again.';
  const text = `Still going after ${seconds.toFixed(1)} s: ${last}.${gone} The request stands in ${file}; watch it with: understudy status --watch`;
  return { code: ExitCode.timeout, text, document: { outcome: 'timeout', to, seconds, message: last } };
}

function ended(look: Look, to: string, seconds: number, verdict: MoveVerdict): CommandOutcome {
  const from = look.decision.lead.current;
  if (verdict.kind === 'done') {
    const { record } = verdict;
    const details = record === undefined ? [] : lastChangeLines(record, Date.now()).slice(1);
    const text = [`${to} leads (${seconds.toFixed(2)} s).`, ...details].join('\n');
    return { code: ExitCode.done, text, document: { outcome: 'done', from, to, seconds, change: record } };
  }
  const { reason, message } = verdict;
  return {
    code: verdict.kind === 'refused' ? ExitCode.refused : ExitCode.failed,
    text: [...failureLines(verdict, to), ...(from === undefined ? [] : [withdrawal(from)])].join('\n'),
    document: { outcome: verdict.kind, from, to, seconds, reason, message },
  };
}

function failureLines(verdict: Exclude<MoveVerdict, { kind: 'done' }>, to: string): string[] {
  const { reason, message } = verdict;
  switch (verdict.kind) {
    case 'putBack':
      return [
        `Put back, everything is as before: ${reason}.`,
        message,
        `spec.primary still asks for ${to}; next try at ${formatTime(verdict.retryTime)}.`,
      ];
    case 'refused':
      return [`Refused by the controller: ${reason}.`, message, `spec.primary still asks for ${to}.`];
    case 'overtaken':
      return [`Overtaken: ${reason}.`, message];
  }
}

const withdrawal = (from: string): string => `To withdraw the request: understudy switchover ${from}`;
