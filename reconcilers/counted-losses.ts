import type { LastSeen, Status, Transition, TransitionRecord } from '../crd/status.ts';
import type { Change } from './lead.ts';
import { estimateLoss, mayWriteOn, recountLoss } from './loss-estimate.ts';
import type { Progress } from './memory.ts';
import { nodeMemory } from './memory.ts';
import { Reason } from './reasons.ts';
import type { History, LostBytes } from './replication-history.ts';
import { relate } from './replication-history.ts';
import type { Situation } from './situation.ts';
import { answering, asPrimary, asReplica, epochOf } from './situation.ts';
import { heardToTheEnd, unheardMs, wroteUntil } from './unheard.ts';

/** What nobody knows the beginning of, and what another life of the old primary wrote, is not told so. */
export function unheardSeconds(situation: Situation, { kind, from, to, cause }: Change): number | undefined {
  if (kind !== 'Failover' || from === to || answering(situation, from) !== undefined) return undefined;
  if (cause === Reason.PrimaryStopped && heardToTheEnd(situation, to, from)) return 0;
  const milliseconds = unheardMs(situation, to, from);
  return Number.isFinite(milliseconds) ? Math.ceil(milliseconds / 1000) : undefined;
}

/** What a change of primary has cost, as far as it can be told when it is over. */
export function countedLosses(
  situation: Situation,
  open: Transition,
  progress: Progress | undefined,
): Partial<TransitionRecord> {
  // The pace that is in it is what a later process has to go by.
  const seen = open.lastSeen === undefined ? {} : { lastSeen: open.lastSeen };
  if (open.kind === 'Switchover' || open.kind === 'Failback')
    return { ...seen, lostBytes: 0, lostBytesExact: true };
  const current = answering(situation, open.to);
  if (current === undefined) return seen;
  const known = open.lostBytes === undefined ? {} : { lostBytes: open.lostBytes, lostBytesExact: false };
  const isUnknown = open.unheardSeconds === undefined && open.cause !== Reason.PrimaryRestartedStale;
  // Nobody saw it, and nobody knows since when nobody did: any number would be made up.
  if (open.lastSeen === undefined && isUnknown) return known;
  const lastSeen = open.lastSeen ?? seenByOthers(situation, open, current);
  if (lastSeen === undefined) return known;
  const unheard = unheardInAll(situation, open);
  const estimate = estimateLoss(
    { ...open, ...unheard, lastSeen },
    baseOf({ ...open, lastSeen }, current, progress),
  );
  const lost = better({ bytes: open.lostBytes ?? 0, exact: open.lostBytesExact === true }, estimate);
  return { lastSeen, ...unheard, lostBytes: lost.bytes, lostBytesExact: lost.exact };
}

/** An exact count is the last word; of two estimates the greater one is. */
function better(known: LostBytes, other: LostBytes | undefined): LostBytes {
  if (other === undefined || known.exact) return known;
  return other.exact ? other : { bytes: Math.max(known.bytes, other.bytes), exact: false };
}

/** What the new primary took over with: restarted since, it names another history, and what it was promoted with tells. */
function baseOf({ lastSeen }: Lost, current: History, progress: Progress | undefined): History {
  const isRestarted = lastSeen !== undefined && relate(lastSeen, current).kind === 'unrelated';
  return (isRestarted ? progress?.promotedWith : undefined) ?? current;
}

type Lost = Pick<Transition, 'lastSeen'>;

/** What was not proved to have ended when the change began took writes until it was. */
function unheardInAll(situation: Situation, open: Transition): Pick<Transition, 'unheardSeconds'> {
  const { from, cause, startTime, unheardSeconds: before } = open;
  if (before === undefined || from === undefined) return {};
  const sinceThen = mayWriteOn(cause) ? (wroteUntil(situation, from) - Date.parse(startTime)) / 1000 : 0;
  return { unheardSeconds: before + Math.ceil(Math.max(0, sinceThen)) };
}

/**
 * A process that began when the primary was dead already never saw it: it held what the new one got of it, and
 * has since been written to as the primary before it was. Nothing where no pace is on record either.
 */
function seenByOthers({ status }: Situation, open: Transition, current: History): LastSeen | undefined {
  const before = status.lastTransition;
  const bytesPerSecond = before?.lastSeen?.bytesPerSecond;
  if (before === undefined || before.to !== open.from || bytesPerSecond === undefined) return undefined;
  const got = gotFrom(open, current);
  return got === undefined ? undefined : { ...got, bytesPerSecond, time: before.completionTime };
}

/** What the new primary had got of the old one. */
function gotFrom({ startTime }: Pick<Transition, 'startTime'>, current: History): LastSeen | undefined {
  const { previousReplicationId: replicationId, previousEndOffset: end } = current;
  if (replicationId === undefined || end === undefined) return undefined;
  return { replicationId, offset: end - 1, time: startTime };
}

/**
 * The old primary of a failover is back: what it holds says better what was lost than what was seen of it. To be
 * called before it is demoted.
 */
export function recountLosses(situation: Situation, progress: Progress | undefined): Status {
  const { transition: open, ...status } = situation.status;
  if (open === undefined) return recountedAfter(situation);
  const seen = withSight(situation, open);
  const lost = isBack(situation, seen) ? recounted(situation, seen, progress) : undefined;
  if (lost === undefined) return situation.status;
  return { ...status, transition: { ...open, lostBytes: lost.bytes, lostBytesExact: lost.exact } };
}

/** Nobody saw the old primary: it held what the new one got of it, at the least. */
function withSight<T extends Counted>(situation: Situation, change: T): T {
  const current = asPrimary(situation, change.to);
  if (change.lastSeen !== undefined || current === undefined) return change;
  const lastSeen = gotFrom(change, current);
  return lastSeen === undefined ? change : { ...change, lastSeen };
}

/** The same of a change that is over. */
function recountedAfter(situation: Situation): Status {
  const { status } = situation;
  const last = status.lastTransition;
  if (last?.from === undefined || last.epoch !== epochOf(status)) return status;
  const seen = withSight(situation, last);
  if (!isBack(situation, seen)) return status;
  const returned = answering(situation, last.from);
  const lost = recounted(situation, seen, undefined);
  const preserved = returned === undefined ? undefined : copyOf(situation, last.from, returned.replicationId);
  const isKept = preserved !== undefined && last.preserved !== preserved.preserved;
  if (lost === undefined && !isKept) return status;
  const record: TransitionRecord = {
    ...last,
    ...(lost === undefined ? {} : { lostBytes: lost.bytes, lostBytesExact: lost.exact }),
    ...preserved,
  };
  return { ...status, lastTransition: record, history: [record, ...(status.history ?? []).slice(1)] };
}

type Counted = Pick<
  Transition,
  | 'kind'
  | 'from'
  | 'to'
  | 'cause'
  | 'startTime'
  | 'lastSeen'
  | 'unheardSeconds'
  | 'lostBytes'
  | 'lostBytesExact'
>;

/** The new primary leads, and the old one answers with data that it did not get from there. */
function isBack(situation: Situation, { kind, from, to, lastSeen }: Counted): boolean {
  if (kind !== 'Failover' || from === undefined || lastSeen === undefined) return false;
  const current = asPrimary(situation, to);
  if (current === undefined || answering(situation, from) === undefined) return false;
  return asReplica(situation, from)?.replicationId !== current.replicationId;
}

/** A better count than the one that is known, or nothing. */
function recounted(
  situation: Situation,
  change: Counted,
  progress: Progress | undefined,
): LostBytes | undefined {
  const returned = change.from === undefined ? undefined : answering(situation, change.from);
  const current = asPrimary(situation, change.to);
  if (returned === undefined || current === undefined) return undefined;
  const lost = recountLoss(change, baseOf(change, current, progress), returned);
  const isBetter =
    lost !== undefined &&
    (lost.bytes > (change.lostBytes ?? 0) || (lost.exact && change.lostBytesExact !== true));
  if (!isBetter) return undefined;
  return { bytes: lost.exact ? lost.bytes : Math.max(lost.bytes, change.lostBytes ?? 0), exact: lost.exact };
}

/** Where the data that the node holds now was copied aside; what was kept of it in earlier days is another story. */
function copyOf(
  situation: Situation,
  node: string,
  replicationId: string,
): Pick<TransitionRecord, 'preserved' | 'preservedBytes'> | undefined {
  const kept = nodeMemory(situation.memory, node).preserved;
  if (kept?.replicationId !== replicationId) return undefined;
  return { preserved: `${node}:${kept.path}`, preservedBytes: kept.bytes };
}
