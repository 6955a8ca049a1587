import type { TransitionRecord } from '../../crd/status.ts';
import type { History } from './history.ts';
import { isDestroyed, isKept } from './kept-data.ts';
import { keyOf, streamBytes, type WriteRecord } from './write-log.ts';

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

export function lossOf(record: TransitionRecord, writes: readonly WriteRecord[], history: History): Loss {
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
    ...whereabouts(writes, (write) => holdersOf(write, record, history), history),
  };
}

export function strayLoss(node: string, writes: readonly WriteRecord[], history: History): StrayLoss {
  const times = writes.map(({ answered }) => answered);
  return {
    node,
    writes: writes.length,
    bytes: bytesOf(writes),
    from: times.reduce((one, other) => Math.min(one, other)),
    to: times.reduce((one, other) => Math.max(one, other)),
    ...whereabouts(writes, () => [node], history),
  };
}

/**
 * Who had a write before it was lost: who took it, who led since, and who the record says led last, which is neither
 * where a failover to it was begun and given up for one to a third.
 */
function holdersOf(
  { node, answered }: WriteRecord,
  { epoch, from = node }: TransitionRecord,
  { transitions, wallOffsetMs }: History,
): readonly string[] {
  const since = transitions.filter(
    (record) => record.epoch < epoch && Date.parse(record.completionTime) - wallOffsetMs >= answered,
  );
  return [...new Set([node, ...since.map(({ to }) => to), from])];
}

function whereabouts(
  writes: readonly WriteRecord[],
  holders: (write: WriteRecord) => readonly string[],
  history: History,
): { inCopies: number; destroyed: number } {
  const elsewhere = writes.filter((write) => !holders(write).some((node) => isKept(write, node, history)));
  const destroyed = elsewhere.filter((write) =>
    holders(write).some((node) => isDestroyed(write, node, history)),
  );
  return { inCopies: writes.length - elsewhere.length, destroyed: destroyed.length };
}

export const bytesOf = (writes: readonly WriteRecord[]): number =>
  writes.reduce((sum, write) => sum + streamBytes(write), 0);

export const words = ({ epoch, kind, cause, from, to, writes, bytes }: Loss): string =>
  `${kind} ${from ?? '?'}→${to} (epoch ${epoch}, ${cause}) lost ${writes} acknowledged writes of ${bytes} bytes`;

export const sample = (writes: readonly WriteRecord[]): string =>
  writes
    .slice(0, 5)
    .map((write) => `${keyOf(write)} at ${write.node}`)
    .join(', ');
