import type { FailedAttempt, Status, Transition, TransitionRecord } from '../../../crd/status.ts';
import { formatAge, formatBytes, formatCount, formatSeconds, formatTime } from './quantities.ts';

/** The change of primary that is on record as begun, and how old it is. `now` in ms. */
export function underWayLine(open: Transition, now: number): string {
  return `${open.kind} ${route(open)} (${open.cause}), epoch ${open.epoch}: begun with ${open.step}, ${formatAge(open.startTime, now)} ago`;
}

export function attemptLines(attempt: FailedAttempt, now: number): string[] {
  const times = attempt.count === 1 ? '' : ` (attempt ${attempt.count})`;
  const due =
    Date.parse(attempt.retryTime) > now ? `next try at ${formatTime(attempt.retryTime)}` : 'due again';
  return [
    `to ${attempt.to}${times}, ${formatAge(attempt.time, now)} ago; ${due}`,
    `${attempt.reason}: ${attempt.message}`,
  ];
}

/** A finished change in full: what it was, what it cost, what it lost. */
export function lastChangeLines(record: TransitionRecord, now: number): string[] {
  const head = `${record.kind} ${route(record)} (${record.cause}), epoch ${record.epoch}, ${formatAge(record.completionTime, now)} ago (${formatTime(record.completionTime)})`;
  return [head, costs(record), ...losses(record)].filter((line) => line !== '');
}

/** A finished change in one line. */
export function historyLine(record: TransitionRecord): string {
  const lost = record.lostBytes === undefined || record.lostBytes === 0 ? '' : `, ${lostText(record)}`;
  const gap =
    record.writeGapSeconds === undefined ? '' : `, no writes for ${formatSeconds(record.writeGapSeconds)}`;
  return `${formatTime(record.completionTime)}  ${record.kind} ${route(record)} (${record.cause})${gap}${lost}`;
}

function route({ from, to }: { from?: string | undefined; to: string }): string {
  return from === undefined ? `to ${to}` : `${from} → ${to}`;
}

function costs(record: TransitionRecord): string {
  const parts: readonly (readonly [string, number | undefined])[] = [
    ['no writes for', record.writeGapSeconds],
    ['detection', record.detectSeconds],
    ['fencing', record.fenceSeconds],
    ['promotion', record.promoteSeconds],
    ['units', record.unitsSeconds],
  ];
  return parts
    .filter(([, seconds]) => seconds !== undefined)
    .map(([name, seconds]) => `${name} ${formatSeconds(seconds ?? 0)}`)
    .join(', ');
}

function losses(record: TransitionRecord): string[] {
  const isUnknown = record.lostBytes === undefined && record.kind === 'Failover';
  const unknown = isUnknown ? ['what was lost is not known: nobody had watched the old primary'] : [];
  const lines = record.lostBytes === undefined ? unknown : [lostText(record)];
  if (record.preserved === undefined) return lines;
  const size = record.preservedBytes === undefined ? '' : ` (${formatBytes(record.preservedBytes)})`;
  return [...lines, `diverged data kept at ${record.preserved}${size}`];
}

/** Copies of diverged data that the last change does not name already. */
export function copyLines({ preserved = [], lastTransition }: Status): string[] {
  return preserved
    .filter(({ node, path }) => lastTransition?.preserved !== `${node}:${path}`)
    .map(({ node, path, bytes, epoch }) => `${node}:${path} (${formatBytes(bytes)}), in epoch ${epoch}`);
}

function lostText({ lostBytes = 0, lostBytesExact }: TransitionRecord): string {
  if (lostBytes === 0) return lostBytesExact === false ? 'nothing known to be lost' : 'nothing lost';
  const bytes = `${formatCount(lostBytes)} bytes of writes`;
  return lostBytesExact === false ? `up to about ${bytes} may be lost (an estimate)` : `${bytes} lost`;
}
