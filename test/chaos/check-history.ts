import type { BotRun } from '../demo/bot-record.ts';
import { overlapMs } from '../demo/bot-runs.ts';
import { blamed, isAmbiguous, isPlanned, placeOf } from './attribution.ts';
import { judgeBeside } from './beside.ts';
import type { History } from './history.ts';
import { isDestroyed, isKept } from './kept-data.ts';
import { type Loss, lossOf, type StrayLoss, sample, strayLoss, words } from './losses.ts';
import { judgeCounts } from './lost-bytes.ts';
import { bothTookWrites } from './spells.ts';
import { type Timeline, timelineOf } from './timeline.ts';
import { keyOf, type WriteRecord } from './write-log.ts';

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
  /** By how many bytes an estimate of the controller's was above what was lost, at the most. */
  readonly estimatedAboveBytes: number;
  /** Lost writes of which nothing tells whether a planned change or a failover lost them: laid to the failover. */
  readonly unattributed: number;
  readonly overlapMs: number;
  /** How long two nodes took writes at the same time, in all and at the longest. */
  readonly bothTookWritesMs: number;
  readonly longestBothMs: number;
  /** How long a node took writes at a stretch while another led by the records, whether or not that one took any. */
  readonly longestBesideMs: number;
  readonly losses: readonly Loss[];
  readonly strays: readonly StrayLoss[];
  /** What must not be, each in words. */
  readonly problems: readonly string[];
}

/** Judges a whole run. */
export function checkHistory(history: History): Verdict {
  const timeline = timelineOf(history.transitions, history.wallOffsetMs);
  const { byEpoch, strays, unexplained, ambiguous, lost } = sorted(history, timeline);
  const losses = history.transitions.flatMap((record) => {
    const writes = byEpoch.get(record.epoch) ?? [];
    return writes.length === 0 ? [] : [lossOf(record, writes, history)];
  });
  const counts = judgeCounts(history, losses, { lost: byEpoch, strays });
  const both = bothTookWrites(history.acked);
  const beside = judgeBeside(history, timeline, both);
  const bothMs = both.map(({ from, to }) => to - from);
  const overlap = overlapOf(history.botRuns);
  const count = (kinds: readonly string[]): number =>
    history.transitions.filter(({ kind }) => kinds.includes(kind)).length;
  const writesOf = (some: readonly Loss[]): number => some.reduce((sum, { writes }) => sum + writes, 0);
  return {
    ackedWrites: history.acked.length,
    lostWrites: lost.length,
    switchovers: count(['Switchover', 'Failback']),
    failovers: count(['Failover']),
    adoptions: count(['Adoption']),
    lostInSwitchovers: writesOf(losses.filter(({ kind }) => isPlanned(kind))),
    lostInFailovers: writesOf(losses.filter(({ kind }) => !isPlanned(kind))),
    lostStrays: strays.length,
    lostBytesCountedRight: counts.problems.length === 0,
    estimatedAboveBytes: counts.estimatedAbove,
    unattributed: ambiguous.length,
    overlapMs: Math.round(overlap * 10) / 10,
    bothTookWritesMs: Math.round(bothMs.reduce((sum, ms) => sum + ms, 0)),
    longestBothMs: Math.round(bothMs.reduce((longest, ms) => Math.max(longest, ms), 0)),
    longestBesideMs: Math.round(beside.longestMs),
    losses,
    strays: [...Map.groupBy(strays, ({ node }) => node)].map(([node, own]) => strayLoss(node, own, history)),
    problems: [
      ...losses.flatMap(lossProblems),
      ...counts.problems,
      ...strayProblems(strays, history),
      ...untoldProblems(lost, history),
      ...(unexplained.length === 0
        ? []
        : [`${unexplained.length} writes are lost without a change of primary: ${sample(unexplained)}`]),
      ...(ambiguous.length <= lost.length * ambiguousShare
        ? []
        : [
            `${ambiguous.length} of ${lost.length} lost writes may have been lost by a planned move or by a failover, and nothing tells which: ${sample(ambiguous)}`,
          ]),
      ...(overlap > 0 ? [`a bot ran twice for ${overlap.toFixed(1)} ms`] : []),
      ...beside.problems,
    ],
  };
}

/** Of what is lost, so much may be laid to a failover though a planned move may have lost it. */
const ambiguousShare = 0.05;

interface Sorted {
  readonly lost: readonly WriteRecord[];
  readonly byEpoch: ReadonlyMap<number, readonly WriteRecord[]>;
  readonly strays: readonly WriteRecord[];
  readonly unexplained: readonly WriteRecord[];
  readonly ambiguous: readonly WriteRecord[];
}

function sorted(history: History, timeline: Timeline): Sorted {
  const lost = history.acked.filter((write) => history.missing.has(keyOf(write)));
  const byEpoch = new Map<number, WriteRecord[]>();
  const strays: WriteRecord[] = [];
  const unexplained: WriteRecord[] = [];
  const ambiguous: WriteRecord[] = [];
  for (const write of lost) {
    const place = placeOf(write, history, timeline);
    if (place === 'stray') strays.push(write);
    else if (place === 'unexplained') unexplained.push(write);
    else {
      const { epoch } = blamed(place.by);
      const others = byEpoch.get(epoch);
      if (others === undefined) byEpoch.set(epoch, [write]);
      else others.push(write);
      if (isAmbiguous(place.by)) ambiguous.push(write);
    }
  }
  return { lost, byEpoch, strays, unexplained, ambiguous };
}

function lossProblems(loss: Loss): string[] {
  if (isPlanned(loss.kind)) return [`${words(loss)}, and a planned move loses nothing`];
  const gone = loss.writes - loss.inCopies - loss.destroyed;
  return gone > 0 ? [`${words(loss)}; ${gone} of them are in no copy of ${loss.from}`] : [];
}

function strayProblems(strays: readonly WriteRecord[], history: History): string[] {
  const dropped = strays.filter(
    (write) => !isKept(write, write.node, history) && !isDestroyed(write, write.node, history),
  );
  return dropped.length === 0
    ? []
    : [`${dropped.length} writes that a node took beside the primary are in no copy: ${sample(dropped)}`];
}

/** Beside the problem that they are in no copy: somebody who knew of it could have them back. */
function untoldProblems(lost: readonly WriteRecord[], { copies, untold }: History): string[] {
  const isTold = (key: string): boolean => copies.some(({ holds }) => holds.has(key));
  return untold.flatMap(({ path, holds }) => {
    const alone = lost.filter((write) => holds.has(keyOf(write)) && !isTold(keyOf(write)));
    return alone.length === 0
      ? []
      : [`${alone.length} lost writes are in a copy alone that no status named: ${path}`];
  });
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
