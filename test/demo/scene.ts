import type { Status } from '../../crd/status.ts';
import type { StepResult } from './step-result.ts';

export type StepState = 'todo' | 'now' | 'done' | 'failed';

/** Everything that a picture of the demo shows at one moment; the view is a pure function of it. */
export interface Scene {
  readonly elapsedMs: number;
  readonly steps: readonly { readonly name: string; readonly state: StepState }[];
  /** What is being shown now, in a sentence or two. */
  readonly says: string;
  readonly status: Status;
  readonly nodes: readonly NodeScene[];
  readonly bots: readonly string[];
  /** Acknowledged writes per second, oldest first. */
  readonly rates: readonly number[];
  readonly ackedWrites: number;
  readonly events: readonly DemoEvent[];
  readonly results: readonly StepResult[];
}

export interface NodeScene {
  readonly name: string;
  readonly port: number;
  /** The bots whose own records grew a moment ago on this node. */
  readonly working: readonly string[];
}

export interface DemoEvent {
  readonly elapsedMs: number;
  /** Who says so. */
  readonly by: 'demo' | 'understudy';
  readonly text: string;
}
