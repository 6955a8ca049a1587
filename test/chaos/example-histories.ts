import type { TransitionRecord } from '../../crd/status.ts';
import type { History } from './history.ts';
import type { Probe } from './record-keeper.ts';
import { keyOf, streamBytes, type WriteRecord } from './write-log.ts';

/** Monotonic ms; the wall clock of these histories is the same. */
const at = (ms: number): string => new Date(ms).toISOString();

export const write = (seq: number, node: string, answered: number): WriteRecord => ({
  writer: 0,
  seq,
  node,
  answered,
  sent: answered - 1,
});

export function change(
  record: Partial<TransitionRecord> & { epoch: number; start: number },
): TransitionRecord {
  const { start, ...rest } = record;
  return {
    kind: 'Failover',
    cause: 'PrimaryProcessDead',
    from: 'a',
    to: 'b',
    startTime: at(start),
    completionTime: at(start + 100),
    ...rest,
  };
}

export const probe = (epoch: number, to: number, missing: ReadonlySet<string>): Probe => ({
  epoch,
  from: 0,
  to,
  samples: new Set(),
  missing,
});

export const before = write(1, 'a', 9_990);
export const lastOfOld = write(2, 'a', 10_000);
export const after = write(3, 'b', 10_200);
export const bytes = streamBytes(lastOfOld);

/** The primary a dies at 10,000; b leads from 10,100 on and lacks the last write, of which a copy was kept. */
export function failover(counted: Partial<TransitionRecord>, more: Partial<History> = {}): History {
  const missing = new Set([keyOf(lastOfOld)]);
  return {
    acked: [before, lastOfOld, after],
    missing,
    transitions: [change({ epoch: 2, start: 10_001, ...counted })],
    probes: [probe(2, 10_150, missing)],
    copies: [{ node: 'a', path: '/copy', epoch: 2, holds: missing }],
    botRuns: [],
    untold: [],
    faults: [],
    spoilt: [],
    rejoined: [],
    wallOffsetMs: 0,
    ...more,
  };
}
