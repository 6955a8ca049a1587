import type { TransitionRecord } from '../../crd/status.ts';
import type { BotRun } from '../demo/bot-record.ts';
import type { Fault } from './fault-plan.ts';
import type { Probe } from './record-keeper.ts';
import type { WriteRecord } from './write-log.ts';

/** A fault as it was, in monotonic ms; `node`: on whom, where it was on one. */
export interface PastFault {
  readonly kind: Fault['kind'];
  readonly node?: string;
  readonly from: number;
  readonly to: number;
}

/** A fault took the data of a node away. */
export interface Spoiling {
  readonly node: string;
  /** When the fault began: the group had all of its data twice until then. */
  readonly from: number;
  /** When the data was gone. */
  readonly at: number;
}

/** A copy of diverged data, with those of the missing keys that are in it. */
export interface KeptData {
  readonly node: string;
  readonly path: string;
  /** In which it was made. */
  readonly epoch: number;
  readonly holds: ReadonlySet<string>;
}

/** All that was recorded of a run. Times in monotonic ms, but for those in the controller's own records. */
export interface History {
  readonly acked: readonly WriteRecord[];
  /** Keys of acknowledged writes that the last primary does not have. */
  readonly missing: ReadonlySet<string>;
  readonly transitions: readonly TransitionRecord[];
  readonly probes: readonly Probe[];
  readonly copies: readonly KeptData[];
  /** Those that lie on a node and that no status ever named: nobody would look for them. */
  readonly untold: readonly KeptData[];
  readonly botRuns: readonly BotRun[];
  readonly faults: readonly PastFault[];
  readonly spoilt: readonly Spoiling[];
  /** When a node was first seen in sync again: what it had of its own was due to be kept by then. */
  readonly rejoined: readonly { node: string; at: number }[];
  /** What is to be added to a monotonic time for the wall clock (ms). */
  readonly wallOffsetMs: number;
}
