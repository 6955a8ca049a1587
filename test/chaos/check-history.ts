import type { TransitionRecord } from '../../crd/status.ts';
import type { BotRun } from '../demo/bot-record.ts';
import { overlapMs } from '../demo/bot-runs.ts';
import type { Probe } from './record-keeper.ts';
import { bothTookWrites } from './spells.ts';
import type { Timeline } from './timeline.ts';
import { timelineOf } from './timeline.ts';
import { keyOf, sampleOf, streamBytes, type WriteRecord } from './write-log.ts';

/** All that was recorded of a run. Times in monotonic ms, but for those in the controller's own records. */
export interface History {
  readonly acked: readonly WriteRecord[];
  /** Keys of acknowledged writes that the last primary does not have. */
  readonly missing: ReadonlySet<string>;
  readonly transitions: readonly TransitionRecord[];
  readonly probes: readonly Probe[];
  /** Copies of diverged data, with those of the missing keys that are in them. */
  readonly copies: readonly { node: string; path: string; holds: ReadonlySet<string> }[];
  readonly botRuns: readonly BotRun[];
  /** When a fault that took the data of a node away was over. */
  readonly spoilt: readonly { node: string; at: number }[];
  /** When a node was first seen in sync again: what it had of its own was due to be kept by then. */
  readonly rejoined: readonly { node: string; at: number }[];
  /** What is to be added to a monotonic time for the wall clock (ms). */
  readonly wallOffsetMs: number;
}

/** What a change of primary has cost. */
export interface Loss {
  readonly epoch: number;
  readonly kind: string;
  readonly cause: string;
  readonly from: string | undefined;
  readonly to: string;
  readonly writes: number;
  readonly bytes: number;
  /** What the controller said. */
  readonly countedBytes: number | undefined;
  readonly exact: boolean | undefined;
  /** Lost writes that are in a copy of the old primary's data. */
  readonly inCopies: number;
  /** Lost writes whose only other place was taken away by a fault. */
  readonly destroyed: number;
}

/** Writes that a node lost which it had taken while another was the group's primary by the records. */
export interface StrayLoss {
  readonly node: string;
  readonly writes: number;
  readonly bytes: number;
  /** When they were answered (monotonic ms). */
  readonly from: number;
  readonly to: number;
  readonly inCopies: number;
  readonly destroyed: number;
}

export interface Verdict {
  readonly ackedWrites: number;
  readonly lostWrites: number;
  readonly switchovers: number;
  readonly failovers: number;
  readonly adoptions: number;
  readonly lostInSwitchovers: number;
  readonly lostInFailovers: number;
  /** Lost, and taken by a node that was not the group's primary then: promoted by hand, or back from the dead. */
  readonly lostStrays: number;
  readonly lostBytesCountedRight: boolean;
  /** Lost writes of which no probe tells whether a planned change or a failover lost them: laid to the failover. */
  readonly unattributed: number;
  readonly overlapMs: number;
  /** How long two nodes took writes at the same time, in all and at the longest. */
  readonly bothTookWritesMs: number;
  readonly longestBothMs: number;
  readonly losses: readonly Loss[];
  readonly strays: readonly StrayLoss[];
  /** What must not be, each in words. */
  readonly problems: readonly string[];
}

/** Judges a whole run. */
export function checkHistory(history: History): Verdict {
  const timeline = timelineOf(history.transitions, history.wallOffsetMs);
  const lost = history.acked.filter((write) => history.missing.has(keyOf(write)));
  const problems: string[] = [];
  const places = lost.map((write) => ({ write, place: placeOf(write, history, timeline) }));
  const strays = places.flatMap(({ write, place }) => (place === 'stray' ? [write] : []));
  const unexplained = places.flatMap(({ write, place }) => (place === 'unexplained' ? [write] : []));
  const byEpoch = Map.groupBy(
    places.flatMap(({ write, place }) => (typeof place === 'number' ? [{ write, epoch: place }] : [])),
    ({ epoch }) => epoch,
  );
  const losses = history.transitions.flatMap((record) => {
    const writes = byEpoch.get(record.epoch)?.map(({ write }) => write) ?? [];
    return writes.length === 0 ? [] : [lossOf(record, writes, history)];
  });
  const planned = losses.filter(({ kind }) => isPlanned(kind));
  const unplanned = losses.filter(({ kind }) => !isPlanned(kind));
  for (const loss of planned) problems.push(`${words(loss)}, and a planned move loses nothing`);
  const miscounted = unplanned.filter(
    ({ countedBytes, bytes }) => countedBytes === undefined || countedBytes < bytes,
  );
  const inflated = history.transitions.filter((record) => isInflated(record, losses));
  for (const { kind, epoch, lostBytes } of inflated)
    problems.push(
      `${kind} of epoch ${epoch} lost exactly ${lostBytes} bytes by the controller, which is far more than was lost`,
    );
  for (const loss of miscounted)
    problems.push(
      `${words(loss)}, but the controller counted ${loss.countedBytes ?? 'nothing'}${loss.exact === true ? ' and called that exact' : ''}`,
    );
  for (const loss of unplanned) {
    const gone = loss.writes - loss.inCopies - loss.destroyed;
    if (gone > 0) problems.push(`${words(loss)}; ${gone} of them are in no copy of ${loss.from}`);
  }
  const dropped = strays.filter((write) => !isKept(write, history) && !isDestroyed(write, history));
  if (dropped.length > 0)
    problems.push(
      `${dropped.length} writes that a node took beside the primary are in no copy: ${sample(dropped)}`,
    );
  if (unexplained.length > 0)
    problems.push(
      `${unexplained.length} writes are lost without a change of primary: ${sample(unexplained)}`,
    );
  const overlap = overlapOf(history.botRuns);
  if (overlap > 0) problems.push(`a bot ran twice for ${overlap.toFixed(1)} ms`);
  const both = bothTookWrites(history.acked);
  if (both.longestMs > longestBothMs)
    problems.push(`two nodes took writes at the same time for ${both.longestMs} ms`);
  const count = (kinds: readonly string[]): number =>
    history.transitions.filter(({ kind }) => kinds.includes(kind)).length;
  const writes = (some: readonly Loss[]): number => some.reduce((sum, loss) => sum + loss.writes, 0);
  return {
    ackedWrites: history.acked.length,
    lostWrites: lost.length,
    switchovers: count(['Switchover', 'Failback']),
    failovers: count(['Failover']),
    adoptions: count(['Adoption']),
    lostInSwitchovers: writes(planned),
    lostInFailovers: writes(unplanned),
    lostStrays: strays.length,
    lostBytesCountedRight: miscounted.length + inflated.length === 0,
    unattributed: lost.filter((write) => isUnattributed(write, history, timeline)).length,
    overlapMs: Math.round(overlap * 10) / 10,
    bothTookWritesMs: both.totalMs,
    longestBothMs: both.longestMs,
    losses,
    strays: [...Map.groupBy(strays, ({ node }) => node)].map(([node, own]) => strayLoss(node, own, history)),
    problems,
  };
}

/**
 * How long (ms) two may take writes at once: one that comes back by itself, or is promoted by hand, until it is seen
 * and demoted. The controller may be down or cut off from it meanwhile, for as long as such a fault lasts.
 */
const longestBothMs = 20_000;

/**
 * What else is in the stream than acknowledged writes of the writers: those that were taken and not answered, those
 * of the bots, a PING a second (14 bytes), SELECT.
 */
const otherBytes = { atLeast: 20_000, share: 1 };

/** Called exact, and far above what is lost. */
function isInflated(
  { epoch, lostBytes, lostBytesExact }: TransitionRecord,
  losses: readonly Loss[],
): boolean {
  if (lostBytesExact !== true || lostBytes === undefined) return false;
  const lost = losses.find((loss) => loss.epoch === epoch)?.bytes ?? 0;
  return lostBytes > lost * (1 + otherBytes.share) + otherBytes.atLeast;
}

const isPlanned = (kind: string): boolean => kind === 'Switchover' || kind === 'Failback';

/**
 * By which change of primary a write was lost, by its epoch. `stray`: it was taken by a node that did not lead.
 * `unexplained`: it was there after every change that could have lost it.
 */
function placeOf(write: WriteRecord, history: History, timeline: Timeline): number | 'stray' | 'unexplained' {
  if (!timeline.leads(write.node, write.sent, write.answered)) return 'stray';
  const unknown: TransitionRecord[] = [];
  for (const record of timeline.after(write)) {
    const probe = history.probes.find(({ epoch }) => epoch === record.epoch);
    const lacks = probe === undefined ? undefined : lacksAt(probe, write);
    if (lacks === undefined) unknown.push(record);
    else if (lacks) return blamed([...unknown, record]).epoch;
    else unknown.length = 0;
  }
  return unknown.length === 0 ? 'unexplained' : blamed(unknown).epoch;
}

/** Some probe is missing, and what it would have told is which of a planned change and a failover lost the write. */
function isUnattributed(write: WriteRecord, history: History, timeline: Timeline): boolean {
  if (!timeline.leads(write.node, write.sent, write.answered)) return false;
  const unknown: TransitionRecord[] = [];
  for (const record of timeline.after(write)) {
    const probe = history.probes.find(({ epoch }) => epoch === record.epoch);
    const lacks = probe === undefined ? undefined : lacksAt(probe, write);
    if (lacks === false) unknown.length = 0;
    else unknown.push(record);
    if (lacks === true) break;
  }
  const planned = unknown.filter(({ kind }) => isPlanned(kind)).length;
  return planned > 0 && planned < unknown.length;
}

/** Whether the primary lacked the write then; undefined when neither it nor one that stands for it was asked for. */
function lacksAt({ from, to, samples, missing }: Probe, write: WriteRecord): boolean | undefined {
  if (from <= write.answered && write.answered <= to) return missing.has(keyOf(write));
  const sample = sampleOf(write);
  return samples.has(sample) ? missing.has(sample) : undefined;
}

/** One of these lost it. One that may lose something goes first. */
function blamed(records: readonly TransitionRecord[]): TransitionRecord {
  const found = records.find(({ kind }) => !isPlanned(kind)) ?? records[0];
  if (found === undefined) throw new Error('nobody to blame');
  return found;
}

function lossOf(record: TransitionRecord, writes: readonly WriteRecord[], history: History): Loss {
  const kept = writes.filter((write) => isKept(write, history));
  const destroyed = writes.filter((write) => !isKept(write, history) && isDestroyed(write, history));
  return {
    epoch: record.epoch,
    kind: record.kind,
    cause: record.cause,
    from: record.from,
    to: record.to,
    writes: writes.length,
    bytes: bytesOf(writes),
    countedBytes: record.lostBytes,
    exact: record.lostBytesExact,
    inCopies: kept.length,
    destroyed: destroyed.length,
  };
}

function strayLoss(node: string, writes: readonly WriteRecord[], history: History): StrayLoss {
  const times = writes.map(({ answered }) => answered);
  const kept = writes.filter((write) => isKept(write, history));
  return {
    node,
    writes: writes.length,
    bytes: bytesOf(writes),
    from: Math.min(...times),
    to: Math.max(...times),
    inCopies: kept.length,
    destroyed: writes.filter((write) => !isKept(write, history) && isDestroyed(write, history)).length,
  };
}

const bytesOf = (writes: readonly WriteRecord[]): number =>
  writes.reduce((sum, write) => sum + streamBytes(write), 0);

const isKept = (write: WriteRecord, { copies }: History): boolean =>
  copies.some(({ node, holds }) => node === write.node && holds.has(keyOf(write)));

/** A fault took it away before anybody could have kept a copy. */
function isDestroyed(write: WriteRecord, { spoilt, rejoined }: History): boolean {
  const due = rejoined.find(({ node, at }) => node === write.node && at > write.answered)?.at;
  return spoilt.some(
    ({ node, at }) => node === write.node && at >= write.sent && at <= (due ?? Number.POSITIVE_INFINITY),
  );
}

function overlapOf(runs: readonly BotRun[]): number {
  const ends = runs.flatMap(({ start, last }) => [start, last]);
  return runs.length === 0
    ? 0
    : overlapMs(runs, {
        from: ends.reduce((a, b) => Math.min(a, b)),
        to: ends.reduce((a, b) => Math.max(a, b)),
      });
}

const words = ({ epoch, kind, cause, from, to, writes, bytes }: Loss): string =>
  `${kind} ${from ?? '?'}→${to} (epoch ${epoch}, ${cause}) lost ${writes} acknowledged writes of ${bytes} bytes`;

const sample = (writes: readonly WriteRecord[]): string =>
  writes
    .slice(0, 5)
    .map((write) => `${keyOf(write)} at ${write.node}`)
    .join(', ');
