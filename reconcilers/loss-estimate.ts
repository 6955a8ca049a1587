import type { Transition } from '../crd/status.ts';
import { shortestMeasureMs } from './memory.ts';
import { Reason } from './reasons.ts';
import { maxLagSeconds } from './redis-config.ts';
import { type History, type LostBytes, lostBytes, relate } from './replication-history.ts';

/**
 * What a change of primary has cost, before the old primary is back to be asked. Where its process died with the
 * count, this is an estimate: what it was seen to have and the new one has not, and what it may have taken unseen,
 * at the pace it was seen to write at: from above, unless its clients wrote faster just then. Lost data that nobody
 * mentions is worse than a false alarm.
 * undefined when the old primary was never seen.
 */
export function estimateLoss(open: Ended, current: History): LostBytes | undefined {
  if (open.lastSeen === undefined) return undefined;
  const lost = lostBytes(open.lastSeen, current);
  if (lost.exact) return lost;
  const pace = Math.max(open.lastSeen.bytesPerSecond ?? 0, paceSince(open, current));
  return { bytes: lost.bytes + Math.ceil(pace * unseenSeconds(open)), exact: false };
}

/** The change that ended the old primary. */
type Ended = Pick<Transition, 'cause' | 'startTime' | 'lastSeen' | 'unheardSeconds'>;

/** An isolated primary takes writes until it misses its replicas: min-replicas-max-lag and a second for its cron. */
const longestSeconds = maxLagSeconds + 1;

/** A clean stop waits for the replicas (redis.conf: shutdown-timeout); a killed process feeds them to its end. */
const fedSeconds: Readonly<Record<string, number>> = {
  [Reason.PrimaryStopped]: 0,
  [Reason.PrimaryDemoted]: 0,
  [Reason.PrimaryProcessDead]: 1,
  [Reason.PrimaryRestartedStale]: 1,
};

/** How long it may have taken writes that neither we nor its replicas heard of. */
function unseenSeconds({ cause, startTime, lastSeen, unheardSeconds }: Ended): number {
  const fed = fedSeconds[cause] ?? longestSeconds;
  if (unheardSeconds !== undefined) return Math.max(fed, unheardSeconds);
  if (lastSeen === undefined || fed === 0) return fed;
  // Cut off from its replicas and from us, a killed process has fed nobody since.
  const elapsed = (Date.parse(startTime) - Date.parse(lastSeen.time)) / 1_000;
  const longest = lastSeen.refusesAlone === true ? longestSeconds : Number.POSITIVE_INFINITY;
  return Math.min(Math.max(fed, elapsed), longest);
}

/** It was still writing, for all that anybody knew, when the change began: it did until something ended it. */
export function mayWriteOn(cause: string): boolean {
  return fedSeconds[cause] === undefined;
}

/** Bytes a second that the new primary still got between that last sight and the change. */
function paceSince({ lastSeen, startTime }: Ended, current: History): number {
  const continues = lastSeen !== undefined && current.previousReplicationId === lastSeen.replicationId;
  if (!continues || current.previousEndOffset === undefined) return 0;
  const grown = Math.max(0, current.previousEndOffset - 1 - lastSeen.offset);
  const elapsedMs = Date.parse(startTime) - Date.parse(lastSeen.time);
  return (grown * 1000) / Math.max(elapsedMs, shortestMeasureMs);
}

/**
 * The old primary is back, and what it holds is looked at: another process of it than the one that was lost may have
 * taken writes of its own since, on top of what that one took with it.
 */
export function recountLoss(last: Ended, current: History, returned: Returned): LostBytes | undefined {
  if (last.lastSeen === undefined) return undefined;
  const told = lostBytes(last.lastSeen, current, returned);
  // Started as a replica it goes on under the id in its snapshot, as if it had never died; a primary gets a new one.
  const lost = { ...told, exact: told.exact && returned.role === 'primary' };
  if (lost.exact || returned.replicationId === last.lastSeen.replicationId) return lost;
  const since = ownBytes(returned, current);
  const before = estimateLoss(last, current)?.bytes ?? 0;
  return { bytes: Math.max(lost.bytes, before + since), exact: false };
}

/** What it took in this life: since it left what the new primary continues, or since it began, where that is unrelated. */
function ownBytes(returned: Returned, current: History): number {
  const own = relate(returned, current);
  if (own.kind === 'diverged') return own.extraBytes;
  return own.kind === 'unrelated' ? returned.offset - ((returned.previousEndOffset ?? 1) - 1) : 0;
}

type Returned = History & { readonly role: 'primary' | 'replica'; readonly aofBytes?: number | undefined };
