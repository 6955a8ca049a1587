import type { LastSeen, Status, Transition, TransitionRecord } from '../crd/status.ts';
import type { Change } from './lead.ts';
import { estimateLoss, mayWriteOn, recountLoss } from './loss-estimate.ts';
import type { Progress } from './memory.ts';
import { nodeMemory } from './memory.ts';
import type { History } from './replication-history.ts';
import { relate } from './replication-history.ts';
import type { Situation } from './situation.ts';
import { answering, asPrimary, asReplica, epochOf } from './situation.ts';
import { unheardMs, wroteUntil } from './unheard.ts';

/** What nobody knows the beginning of, and what another life of the old primary wrote, is not told so. */
export function unheardSeconds(situation: Situation, { kind, from, to }: Change): number | undefined {
  if (kind !== 'Failover' || from === to || answering(situation, from) !== undefined) return undefined;
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
  const lastSeen = open.lastSeen ?? seenByOthers(situation, open, current);
  if (lastSeen === undefined) return {};
  const unheard = unheardInAll(situation, open);
  const isRestarted = relate(lastSeen, current).kind === 'unrelated';
  const lost = estimateLoss(
    { ...open, ...unheard, lastSeen },
    (isRestarted ? progress?.promotedWith : undefined) ?? current,
  );
  if (lost === undefined) return { lastSeen };
  return { lastSeen, ...unheard, lostBytes: lost.bytes, lostBytesExact: lost.exact };
}

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
  const { previousReplicationId: replicationId, previousEndOffset: end } = current;
  if (replicationId === undefined || end === undefined) return undefined;
  return { replicationId, offset: end - 1, bytesPerSecond, time: before.completionTime };
}

/**
 * The old primary of the last failover is back: what it holds says better what was lost than what was seen of
 * it. To be called before it is demoted.
 */
export function recountLosses(situation: Situation): Status {
  const { status } = situation;
  const last = status.lastTransition;
  if (last?.from === undefined || last.lastSeen === undefined || last.kind !== 'Failover') return status;
  const returned = answering(situation, last.from);
  const current = asPrimary(situation, last.to);
  if (returned === undefined || current === undefined || last.epoch !== epochOf(status)) return status;
  const resynced = asReplica(situation, last.from)?.replicationId === current.replicationId;
  if (resynced) return status;
  const lost = recountLoss(last, current, returned);
  if (lost === undefined) return status;
  const better = lost.bytes > (last.lostBytes ?? 0) || (lost.exact && last.lostBytesExact !== true);
  const preserved = copyOf(situation, last.from, returned.replicationId);
  if (!better && (preserved === undefined || last.preserved === preserved.preserved)) return status;
  const record: TransitionRecord = {
    ...last,
    lostBytes: lost.exact ? lost.bytes : Math.max(lost.bytes, last.lostBytes ?? 0),
    lostBytesExact: lost.exact,
    ...preserved,
  };
  return { ...status, lastTransition: record, history: [record, ...(status.history ?? []).slice(1)] };
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
