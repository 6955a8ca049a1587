import type {
  FailedAttempt,
  LastSeen,
  Status,
  Transition,
  TransitionRecord,
  TransitionStep,
} from '../crd/status.ts';
import type { Action } from './action.ts';
import { countedLosses, unheardSeconds } from './counted-losses.ts';
import { hasRestarted, isCrashLooping } from './crash-loop.ts';
import type { Change } from './lead.ts';
import type { Progress } from './memory.ts';
import { fastestPace, isoTime, nodeMemory } from './memory.ts';
import { isInSync } from './node-status.ts';
import { Reason } from './reasons.ts';
import type { Situation } from './situation.ts';
import { asPrimary, epochOf, highestEpoch, observed, progressOf } from './situation.ts';

const firstRetryMs = 5_000;
export const longestRetryMs = 300_000;
const historyLength = 20;
/** How often an action of a planned change may end unknown before the change is put back. */
const toleratedUnknowns = 3;

export function isPlanned(transition: Transition): boolean {
  return transition.kind === 'Switchover' || transition.kind === 'Failback';
}

/** Whether this very change is on record, begun by this process: then it is not recorded again. */
export function isUnderWay(situation: Situation, change: Change): boolean {
  const open = situation.status.transition;
  // From another node it is another change, though it leads to the same one.
  const same = open?.to === change.to && open.kind === change.kind && (open.from ?? open.to) === change.from;
  return same && progressOf(situation) !== undefined && !isAnswered(situation, change);
}

/** What an operator allows is used up by the change that it allows: that goes on under the next epoch. */
function isAnswered({ wishes, status }: Situation, change: Change): boolean {
  const answer = wishes.acceptDataOf;
  return answer?.node === change.to && answer.epoch === status.transition?.epoch;
}

/** The record that precedes the first irreversible step. A taken-over one gets an epoch of its own. */
export function openTransition(situation: Situation, change: Change, first: TransitionStep): Transition {
  const { status, memory, now } = situation;
  const earlier = status.transition;
  const open = earlier?.to === change.to && earlier.from === change.from ? earlier : undefined;
  const { lastSeen: last, seenBefore } = nodeMemory(memory, change.from);
  // A primary that came back without its data is counted from what it was before.
  const restarted = change.how === 'promote' && asPrimary(situation, change.from) !== undefined;
  // A process that began since knows only what it came back as, which is not what was lost.
  const onRecord = earlier?.from === change.from ? earlier.lastSeen : undefined;
  const lastSeen = (restarted ? seenBefore : last) ?? onRecord;
  const unheard = open?.unheardSeconds ?? unheardSeconds(situation, change);
  return {
    kind: change.kind,
    ...(change.from === change.to ? {} : { from: change.from }),
    to: change.to,
    epoch: highestEpoch(situation) + 1,
    fromEpoch: open?.fromEpoch ?? epochOf(status),
    step: first,
    cause: open?.kind === change.kind ? open.cause : change.cause,
    // A planned change that became a failover was decided on anew.
    startTime: open?.kind === change.kind ? open.startTime : isoTime(now),
    // Who has just taken over was hardly measured yet: its clients are those of the one before.
    ...(lastSeen === undefined ? {} : { lastSeen: { ...lastSeen, ...lastPace(situation, lastSeen) } }),
    ...(unheard === undefined ? {} : { unheardSeconds: unheard }),
  };
}

function lastPace(
  { memory, status, now }: Situation,
  { bytesPerSecond: own }: LastSeen,
): Pick<LastSeen, 'bytesPerSecond'> {
  const lately = fastestPace(memory, 'lately', now);
  if (own !== undefined) return { bytesPerSecond: Math.max(own, lately ?? 0) };
  const known = fastestPace(memory, 'ever', now) ?? status.lastTransition?.lastSeen?.bytesPerSecond;
  return known === undefined ? {} : { bytesPerSecond: known };
}

const stepNames: Readonly<Partial<Record<Action['kind'], TransitionStep>>> = {
  stopUnits: 'StopUnits',
  fence: 'Fence',
  handOver: 'HandOver',
  promote: 'Promote',
  startUnits: 'StartUnits',
  repoint: 'Repoint',
};

export function stepOf(actions: readonly Action[]): TransitionStep {
  for (const action of actions) {
    const step = stepNames[action.kind];
    if (step !== undefined) return step;
  }
  return 'StartUnits';
}

/** Why a planned change under way must be put back, or nothing. Its old primary still leads then. */
function whyPutBack(situation: Situation): { reason: string; message: string } | undefined {
  const open = situation.status.transition;
  const progress = progressOf(situation);
  if (open?.from === undefined || !isPlanned(open) || asPrimary(situation, open.from) === undefined)
    return undefined;
  if (asPrimary(situation, open.to) !== undefined) return undefined;
  if (progress?.refusal !== undefined) return progress.refusal;
  if ((progress?.unknowns ?? 0) < toleratedUnknowns) return undefined;
  return {
    reason: Reason.OutcomeUnknown,
    message: `A step was tried ${toleratedUnknowns} times and did not come to its end: ${progress?.doubt}`,
  };
}

/** Drops a planned change that cannot be finished; the next pass of planning puts everything back. */
export function putBack(situation: Situation): Situation {
  const open = situation.status.transition;
  if (open === undefined) return situation;
  const why = whyPutBack(situation);
  if (why !== undefined) return { ...situation, status: abandoned(situation, why) };
  const whyReturn = whyGiveBack(situation, open);
  if (whyReturn === undefined) return situation;
  const status = abandoned(situation, whyReturn);
  const { failedAttempt } = status;
  if (failedAttempt === undefined || open.from === undefined) return situation;
  return {
    ...situation,
    status: { ...status, currentPrimary: open.to, failedAttempt: { ...failedAttempt, back: open.from } },
  };
}

/** Why the new primary of a planned change gives the stage back: its units do not run there, and the old one can have it. */
function whyGiveBack(
  situation: Situation,
  open: Transition,
): { reason: string; message: string } | undefined {
  const { from, to } = open;
  if (from === undefined || !isPlanned(open) || open.cause === Reason.PutBack) return undefined;
  if (asPrimary(situation, to) === undefined || !isInSync(situation, from, to)) return undefined;
  const progress = progressOf(situation);
  if (progress?.unitsRefusal !== undefined) return progress.unitsRefusal;
  const looping = situation.spec.units.find(({ name }) => isCrashLooping(situation, to, name));
  if (looping === undefined) return undefined;
  const message = `${looping.name} keeps ending on ${to}. Look at its log there: journalctl -u ${looping.name}.`;
  return { reason: Reason.UnitsNotRunning, message };
}

/** Status without its transition, with the reason kept for the reader and the time of the next try. */
export function abandoned(situation: Situation, why: { reason: string; message: string }): Status {
  const { status, now } = situation;
  const { transition, ...rest } = status;
  if (transition === undefined) return status;
  const before = status.failedAttempt?.to === transition.to ? status.failedAttempt.count : 0;
  const failedAttempt: FailedAttempt = {
    to: transition.to,
    count: before + 1,
    reason: why.reason,
    message: why.message,
    time: isoTime(now),
    fromEpoch: transition.fromEpoch,
    retryTime: isoTime(now + Math.min(firstRetryMs * 2 ** before, longestRetryMs)),
  };
  return { ...rest, failedAttempt };
}

/** The new primary leads, nothing of the change is left to do, and what could be started was: it is history now. */
export function isFinished(situation: Situation, remaining: readonly Action[]): boolean {
  const open = situation.status.transition;
  if (open === undefined || asPrimary(situation, open.to) === undefined) return false;
  if (isPlanned(open) && areUnitsOnTheirWay(situation, open.to)) return false;
  return !remaining.some((action) => belongsToChange(action));
}

/** Until they run or are known not to, a planned change may still have to be put back. */
function areUnitsOnTheirWay(situation: Situation, node: string): boolean {
  const { host } = observed(situation, node);
  if (host.state !== 'answers') return false;
  return host.units.some(
    ({ name, state }) =>
      !isCrashLooping(situation, node, name) && (state === 'starting' || hasRestarted(situation, node, name)),
  );
}

/** Other replicas, copies and settings are upkeep, and may wait for nodes that are away. */
function belongsToChange(action: Action): boolean {
  if (action.kind === 'repoint') return action.dropClients;
  return action.kind === 'startUnits' || action.kind === 'stopUnits' || action.kind === 'persistRole';
}

/** A change that is over, at the head of the history. */
export function recorded(
  status: Status,
  record: TransitionRecord,
): Pick<Status, 'lastTransition' | 'history'> {
  return { lastTransition: record, history: [record, ...(status.history ?? [])].slice(0, historyLength) };
}

export function closed(situation: Situation): Status {
  const { transition: open, failedAttempt, ...rest } = situation.status;
  if (open === undefined) return situation.status;
  const record: TransitionRecord = {
    kind: open.kind,
    ...(open.from === undefined ? {} : { from: open.from }),
    to: open.to,
    epoch: open.epoch,
    cause: open.cause,
    startTime: open.startTime,
    completionTime: isoTime(situation.now),
    ...timings(progressOf(situation)),
    ...countedLosses(situation, open, progressOf(situation)),
  };
  const kept =
    failedAttempt === undefined || failedAttempt.to === open.to
      ? {}
      : { failedAttempt: overcome(failedAttempt) };
  return {
    ...rest,
    ...kept,
    ...recorded(rest, record),
  };
}

/** What it wanted back is given back. */
export function overcome({ back: _done, ...attempt }: FailedAttempt): FailedAttempt {
  return attempt;
}

function timings(progress: Progress | undefined): Partial<TransitionRecord> {
  if (progress === undefined) return {};
  const { decidedAt, detectedAt, fencedAt, promotedAt, unitsStoppedAt, unitsStartedAt, writeGapMs } =
    progress;
  const seconds = (name: string, from: number | undefined, to: number | undefined) =>
    from === undefined || to === undefined ? {} : { [name]: Math.max(0, Math.round(to - from)) / 1000 };
  return {
    ...seconds('detectSeconds', detectedAt, decidedAt),
    ...seconds('fenceSeconds', decidedAt, fencedAt),
    ...seconds('promoteSeconds', decidedAt, promotedAt),
    ...seconds('unitsSeconds', unitsStoppedAt ?? promotedAt, unitsStartedAt),
    ...(writeGapMs === undefined
      ? seconds('writeGapSeconds', detectedAt, promotedAt)
      : { writeGapSeconds: Math.round(writeGapMs) / 1000 }),
  };
}
