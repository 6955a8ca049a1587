import type { Stage } from './minimality.ts';
import type { ModelState } from './model-state.ts';

/** A plan that is longer than the shortest one that the search finds, and why that is right. */
export interface Longer {
  readonly reason: string;
  /** Whether this plan, begun in this state, is one of them. */
  readonly holds: (plan: Stage, state: ModelState, shortest: number) => boolean;
}

export const longer: readonly Longer[] = [
  {
    reason:
      'A demotion or a promotion whose answer was lost is done again: what counts in it is that paused writers are let go, which no look shows.',
    holds: ({ moves, leader }, { world, status }, shortest) => {
      const demoted = [...(status.demoting ?? []), status.transition?.from];
      const done = world.redis.flatMap(({ name, role, of }) => {
        if (role === 'primary') return name === leader ? [`promote(${name})`] : [];
        return demoted.includes(name) && of === leader ? [`repoint(${name})`] : [];
      });
      return moves.filter((move) => done.includes(move)).length >= moves.length - shortest;
    },
  },
  {
    reason:
      'A copy is kept of every history that the leader is not proved to hold, though another copy may have the same writes in it: nobody can tell from outside.',
    holds: ({ moves }, { world }, shortest) => {
      const copied = world.redis.filter(({ name }) => moves.includes(`preserve(${name})`));
      const again = copied.filter(({ name, data }) => {
        const others = copied.filter((other) => other.name !== name).flatMap((other) => other.data.log);
        return data.log.every((write) => world.preserved.includes(write) || others.includes(write));
      });
      return again.length >= moves.length - shortest;
    },
  },
];
