import type { Looks } from './replayed-looks.ts';
import type { Pass } from './rest-watch.ts';

/** An effect among those of its name: which of them, counted from 1. */
export interface EffectId {
  readonly name: string;
  readonly occurrence: number;
}

/** What is to happen after an effect has taken place, before its answer is had. */
export interface Order {
  readonly killAfter?: EffectId;
  /** The look before that effect is had again in place of the next one. */
  readonly replayAfter?: EffectId;
}

/** What the controller's process tells of itself, a line each. */
export type Report =
  | {
      readonly kind: 'effect';
      readonly id: EffectId;
      /** When it was ordered: several may be under way at once, and end in any order. */
      readonly turn: number;
      readonly outcome: string;
      readonly looks: Looks;
    }
  | { readonly kind: 'pass'; readonly pass: Pass }
  /** No look begins any more. */
  | { readonly kind: 'held' };
