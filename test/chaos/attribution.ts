import type { TransitionRecord } from '../../crd/status.ts';
import type { History } from './history.ts';
import type { Probe } from './record-keeper.ts';
import type { Timeline } from './timeline.ts';
import { keyOf, sampleOf, type WriteRecord } from './write-log.ts';

/** Where a write was lost. */
export type Place =
  /** By one of these changes of primary, nobody can tell which. Never empty. */
  | { readonly by: readonly TransitionRecord[] }
  /** It was taken by a node that did not lead. */
  | 'stray'
  /** It was there after every change that could have lost it. */
  | 'unexplained';

export const isPlanned = (kind: string): boolean => kind === 'Switchover' || kind === 'Failback';

export function placeOf(write: WriteRecord, history: History, timeline: Timeline): Place {
  if (!timeline.leads(write.node, write.sent, write.answered)) return 'stray';
  const suspects: TransitionRecord[] = [];
  for (const record of timeline.after(write)) {
    const lacks = lackedAfter(record, write, history);
    if (lacks === false) suspects.length = 0;
    else suspects.push(record);
    if (lacks === true) break;
  }
  return suspects.length === 0 ? 'unexplained' : { by: suspects };
}

/** Whether the new primary lacked it; undefined when nothing tells. */
function lackedAfter(record: TransitionRecord, write: WriteRecord, history: History): boolean | undefined {
  const probe = history.probes.find(({ epoch }) => epoch === record.epoch);
  const probed = probe === undefined ? undefined : lacksAt(probe, write);
  if (probed !== undefined) return probed;
  // It is in what that one left behind at a later change.
  const left = history.copies.filter(({ node, epoch }) => node === record.to && epoch > record.epoch);
  return left.some(({ holds }) => holds.has(keyOf(write))) ? false : undefined;
}

/** Whether the primary lacked the write then; undefined when neither it nor one that stands for it was asked for. */
function lacksAt({ from, to, samples, missing }: Probe, write: WriteRecord): boolean | undefined {
  if (from <= write.answered && write.answered <= to) return missing.has(keyOf(write));
  const sample = sampleOf(write);
  return samples.has(sample) ? missing.has(sample) : undefined;
}

/** One of these lost it. One that may lose something goes first: see `isAmbiguous`. */
export function blamed(records: readonly TransitionRecord[]): TransitionRecord {
  const found = records.find(({ kind }) => !isPlanned(kind)) ?? records[0];
  if (found === undefined) throw new Error('nobody to blame');
  return found;
}

/** Nothing tells whether a planned change lost it, which must lose nothing, or another one. */
export function isAmbiguous(records: readonly TransitionRecord[]): boolean {
  const planned = records.filter(({ kind }) => isPlanned(kind)).length;
  return planned > 0 && planned < records.length;
}
