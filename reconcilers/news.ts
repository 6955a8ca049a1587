import type { Condition, ConditionType, Status, TransitionKind, TransitionRecord } from '../crd/status.ts';
import { Reason } from './reasons.ts';

/** One thing that an operator wants to read in `kubectl describe fg`. */
export interface News {
  readonly type: 'Normal' | 'Warning';
  /** A shared Reason, or the one of a condition or an outcome. */
  readonly reason: string;
  readonly message: string;
}

const normal = (reason: string, message: string): News => ({ type: 'Normal', reason, message });
const warning = (reason: string, message: string): News => ({ type: 'Warning', reason, message });

/**
 * What happened between two records of status, in the order of a story: what went wrong, what was done about it,
 * what is well again. Each fact once; nothing when nothing happened.
 */
export function newsOf(before: Status, after: Status): readonly News[] {
  const completed = completions(before, after);
  const changed = judgements(before, after);
  const put = setbacks(before, after);
  const echoed = completed.length + put.length > 0 ? echoes : [];
  return [
    ...changed.filter(({ type }) => type === 'Warning'),
    ...fences(before, after),
    ...starts(before, after),
    ...put,
    ...takenUp(before, after),
    ...completed,
    ...recounts(before, after),
    ...copies(before, after),
    ...changed.filter(({ type, reason }) => type === 'Normal' && !echoed.includes(reason)),
  ];
}

const started: Readonly<Record<TransitionKind, Reason>> = {
  Switchover: Reason.SwitchoverStarted,
  Failover: Reason.FailoverStarted,
  Failback: Reason.FailbackStarted,
  Adoption: Reason.AdoptionStarted,
};

function starts(before: Status, after: Status): News[] {
  const open = after.transition;
  const earlier = before.transition;
  if (open === undefined || open.epoch === earlier?.epoch) return [];
  const goesOn = earlier?.to === open.to && earlier.from === open.from;
  const change = `${open.kind} ${path(open)}`;
  const message = `${change} ${goesOn ? 'is taken over' : 'begins'} in epoch ${open.epoch}, because of ${open.cause}.`;
  return [{ type: open.kind === 'Failover' ? 'Warning' : 'Normal', reason: started[open.kind], message }];
}

const path = ({ from, to }: { from?: string | undefined; to: string }): string =>
  from === undefined ? `to ${to}` : `from ${from} to ${to}`;

/** A change that ended without its end: put back with a reason, or no longer wanted. */
function setbacks(before: Status, after: Status): News[] {
  const attempt = after.failedAttempt;
  const open = before.transition;
  if (attempt !== undefined && attempt.time !== before.failedAttempt?.time) {
    const kind = open?.to === attempt.to ? open.kind : 'The change';
    const back = attempt.back === undefined ? 'was put back' : `is given back to ${attempt.back}`;
    const times = attempt.count === 1 ? '' : `, for the ${attempt.count}th time`;
    const message = `${kind} to ${attempt.to} ${back}${times}: ${attempt.reason}: ${sentence(attempt.message)} It is tried again at ${attempt.retryTime}.`;
    return [warning(Reason.ChangePutBack, message)];
  }
  const ended = open !== undefined && after.transition === undefined;
  if (!ended || after.lastTransition?.epoch === open.epoch) return [];
  return [normal(Reason.ChangeWithdrawn, `${open.kind} ${path(open)} is no longer wanted and was dropped.`)];
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** The first primary on record, which nobody made one. */
function takenUp({ currentPrimary: known }: Status, { currentPrimary, epoch }: Status): News[] {
  if (known !== undefined || currentPrimary === undefined) return [];
  return [normal(Reason.PrimaryTakenUp, `${currentPrimary} leads, and is on record in epoch ${epoch ?? 0}.`)];
}

const completedReasons: Readonly<Record<TransitionKind, Reason>> = {
  Switchover: Reason.SwitchoverCompleted,
  Failover: Reason.FailoverCompleted,
  Failback: Reason.FailbackCompleted,
  Adoption: Reason.AdoptionCompleted,
};
/** What the end of a change says anyway. */
const echoes: readonly string[] = [Reason.PrimaryAlive, Reason.AsRequested];

const isSameChange = (one: TransitionRecord, other: TransitionRecord | undefined): boolean =>
  one.epoch === other?.epoch && one.completionTime === other.completionTime;

function completions(before: Status, { lastTransition: last }: Status): News[] {
  if (last === undefined || isSameChange(last, before.lastTransition)) return [];
  const figures = [...timings(last), ...loss(last)];
  const told = figures.length === 0 ? '' : `: ${figures.join(', ')}`;
  const change =
    last.kind === 'Adoption'
      ? `${last.to} was promoted by hand${last.from === undefined ? '' : ` instead of ${last.from}`}, and is taken up`
      : `${last.kind} ${path(last)} is done`;
  const message = `${change} in epoch ${last.epoch}${told}.`;
  const lossless = last.lostBytes === 0 && last.lostBytesExact === true;
  const warns = last.kind === 'Failover' && !lossless;
  return [{ type: warns ? 'Warning' : 'Normal', reason: completedReasons[last.kind], message }];
}

function timings(record: TransitionRecord): string[] {
  const parts: readonly (readonly [string, number | undefined])[] = [
    ['detected in', record.detectSeconds],
    ['fenced in', record.fenceSeconds],
    ['promoted in', record.promoteSeconds],
    ['units moved in', record.unitsSeconds],
    ['write gap', record.writeGapSeconds],
  ];
  return parts.flatMap(([name, seconds]) => (seconds === undefined ? [] : [`${name} ${seconds} s`]));
}

function loss({ kind, lostBytes, lostBytesExact, preserved, preservedBytes }: TransitionRecord): string[] {
  if (kind === 'Adoption') return [];
  const figure =
    lostBytes === undefined
      ? 'what was lost is not known'
      : `${lostBytesExact === true ? '' : 'about '}${lostBytes} bytes lost${lostBytesExact === true ? '' : ' (an estimate)'}`;
  if (preserved === undefined) return [figure];
  return [figure, `the old data is kept at ${preserved} (${preservedBytes ?? 0} bytes)`];
}

/** The old primary came back and says better what was lost. */
function recounts(before: Status, { lastTransition: last }: Status): News[] {
  const known = before.lastTransition;
  if (last === undefined || known === undefined || !isSameChange(last, known)) return [];
  const now = loss(last).join(', ');
  if (now === loss(known).join(', ')) return [];
  const message = `Counted again for the ${last.kind} ${path(last)} of epoch ${last.epoch}: ${now}.`;
  return [
    last.lostBytes === 0 ? normal(Reason.LossRecounted, message) : warning(Reason.LossRecounted, message),
  ];
}

function copies(before: Status, { preserved = [], lastTransition }: Status): News[] {
  const known = new Set((before.preserved ?? []).map(({ node, path: at }) => `${node}:${at}`));
  return preserved.flatMap(({ node, path: at, bytes }) => {
    const place = `${node}:${at}`;
    // The change that it belongs to has said so.
    if (known.has(place) || lastTransition?.preserved === place) return [];
    return [normal(Reason.DataPreserved, `${node}'s own data was copied aside: ${place} (${bytes} bytes).`)];
  });
}

function fences(before: Status, { fences: proved = [] }: Status): News[] {
  const known = new Set((before.fences ?? []).map(({ node, proof, epoch }) => `${node} ${proof} ${epoch}`));
  return proved.flatMap(({ node, proof, epoch }) =>
    known.has(`${node} ${proof} ${epoch}`)
      ? []
      : [normal(Reason.NodeFenced, `${node} is proved to be off (${proof}), in epoch ${epoch}.`)],
  );
}

/** A change that is under way has been told of as begun. */
const underWay: readonly string[] = [
  Reason.SwitchoverInProgress,
  Reason.FailoverInProgress,
  Reason.FailbackInProgress,
  Reason.AdoptionInProgress,
];
/** What a missing primary brings with it for the others; PrimaryAvailable has said so. */
const consequences: readonly string[] = [
  Reason.PrimaryNotAnswering,
  Reason.UnitsWaitForPrimary,
  Reason.NoPrimaryKnown,
];
/** Whose words matter as much as their reason: the operator mends one mistake and meets the next. */
const worded: readonly string[] = [Reason.SpecInvalid, Reason.Unconnected];
/** Flips only: on the way back through a rejoin it has many reasons, and each is told by another condition. */
const flipsOnly: readonly ConditionType[] = ['FailoverReady'];

/** Conditions that are no longer, or again, as they should be; what several of them say is told once. */
function judgements(before: Status, after: Status): News[] {
  const told = new Set<string>();
  const all = after.conditions ?? [];
  // That the group is paused says why others are not as they should be.
  const pausedFirst = [...all].sort((a, b) => Number(b.type === 'Paused') - Number(a.type === 'Paused'));
  return pausedFirst.flatMap((condition) => {
    const known = before.conditions?.find(({ type }) => type === condition.type);
    const { reason, message } = condition;
    if (told.has(reason) || told.has(message) || !isNews(condition, known)) return [];
    told.add(reason).add(message);
    return [{ type: severity(condition), reason, message }];
  });
}

/** Paused is what the operator asked for: it is well either way. */
const severity = (condition: Condition): News['type'] =>
  condition.reason === Reason.Paused || isWell(condition) ? 'Normal' : 'Warning';

const isWell = ({ type, status }: Condition): boolean => status === (type === 'Paused' ? 'False' : 'True');

function isNews(condition: Condition, known: Condition | undefined): boolean {
  const { type, reason } = condition;
  const well = isWell(condition);
  // At first sight Ready speaks for all.
  if (known === undefined && type !== 'Ready') return false;
  const wasWell = known !== undefined && isWell(known);
  if (well) return !wasWell;
  const told = underWay.includes(reason) || (type !== 'PrimaryAvailable' && consequences.includes(reason));
  if (told) return false;
  if (wasWell || known === undefined) return true;
  if (worded.includes(reason) && known.message !== condition.message) return true;
  return known.reason !== reason && !flipsOnly.includes(type);
}
