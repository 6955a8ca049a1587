import type { TransitionRecord } from '../../crd/status.ts';
import type { WriteRecord } from './write-log.ts';

/** How far (ms) the controller's clock and a writer's may be apart, and a record behind what it tells of. */
const slackMs = 100;

/** Who led when, by the controller's records, in monotonic ms. */
export interface Timeline {
  /** Whether the node was the group's primary, or was becoming or ceasing to be it, at some time between these. */
  leads(node: string, from: number, to: number): boolean;
  /** The changes that the write can have been lost by, in order. */
  after(write: WriteRecord): readonly TransitionRecord[];
}

interface Change {
  readonly record: TransitionRecord;
  readonly start: number;
  readonly end: number;
}

export function timelineOf(records: readonly TransitionRecord[], wallOffsetMs: number): Timeline {
  const changes: Change[] = [...records]
    .sort((a, b) => a.epoch - b.epoch)
    .map((record) => ({
      record,
      start: Date.parse(record.startTime) - wallOffsetMs,
      end: Date.parse(record.completionTime) - wallOffsetMs,
    }));
  return {
    leads: (node, from, to) => {
      const [first] = changes;
      const initial = first?.record.from ?? first?.record.to;
      if (first === undefined || (node === initial && from <= first.end + slackMs)) return true;
      return changes.some(({ record, start }, index) => {
        const ceased = changes[index + 1]?.end ?? Number.POSITIVE_INFINITY;
        return record.to === node && to >= start - slackMs && from <= ceased + slackMs;
      });
    },
    after: ({ node, sent, answered }) =>
      changes
        // Taken by the new primary already.
        .filter(
          ({ record, start, end }) => end + slackMs >= answered && !(record.to === node && start <= sent),
        )
        .map(({ record }) => record),
  };
}
