import type { Outcome } from '../../reconcilers/action.ts';
import type { Reply } from '../ports/redis-node.ts';

export const done: Outcome = { kind: 'done' };

export function refused(reason: string, message: string): Exclude<Outcome, { kind: 'done' }> {
  return { kind: 'refused', reason, message };
}

/** The failure of a reply, or nothing when it was done. */
export function failureOf<T>(reply: Reply<T> | Outcome): Exclude<Outcome, { kind: 'done' }> | undefined {
  return reply.kind === 'done' ? undefined : reply;
}

/** Runs the steps in order and stops at the first that is not done. */
export async function inOrder(steps: readonly (() => Promise<Outcome>)[]): Promise<Outcome> {
  for (const step of steps) {
    const outcome = await step();
    if (outcome.kind !== 'done') return outcome;
  }
  return done;
}
