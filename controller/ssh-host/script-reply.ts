import type { Reply } from '../ports/redis-node.ts';
import { lastLine, remoteText } from './remote-text.ts';
import type { Ran } from './ssh-session.ts';

/** The first line of every reply of deploy/understudy-node, with the version of the protocol. */
export const greeting = 'understudy-node 2';

/** The lines between the greeting and the verdict. */
export type ScriptReply = Reply<readonly string[]>;

/**
 * Reads what the node's script answered. Anything but a whole reply is an unknown outcome: it may have done
 * all that it was asked to.
 */
export function scriptReply(ran: Ran): ScriptReply {
  if (ran.kind === 'lost') return unknown(ran.detail);
  if (ran.code !== 0) return unknown(failureOf(ran.code, ran.stderr));
  const lines = ran.stdout.split('\n');
  // A verdict without its end of line may be half of one.
  if (lines.pop() !== '') return unknown('its answer is cut off');
  const [first] = lines;
  const last = lines.length > 1 ? (lines.at(-1) ?? '') : '';
  if (first !== greeting)
    return unknown(`it answered with something else than ${greeting}: ${remoteText(first ?? '')}`);
  if (last === 'done') return { kind: 'done', value: lines.slice(1, -1) };
  const refusal = /^refused ([A-Za-z]+) ?(.*)$/.exec(last);
  if (refusal !== null)
    return { kind: 'refused', reason: refusal[1] ?? '', message: remoteText(refusal[2] ?? '') };
  const doubt = /^unknown ?(.*)$/.exec(last);
  return unknown(doubt === null ? 'its answer has no end' : remoteText(doubt[1] ?? ''));
}

/** Why the host did not run the script to its end: its exit code, and what it last said to stderr. */
export function failureOf(code: number, stderr: string): string {
  const why = lastLine(stderr);
  // timeout(1) says 124, and 137 when it had to kill.
  if (code === 124 || code === 137) return 'it took too long on the host';
  return why === '' ? `it ended with exit code ${code}` : why;
}

const unknown = (message: string): ScriptReply => ({ kind: 'unknown', reason: 'OutcomeUnknown', message });
