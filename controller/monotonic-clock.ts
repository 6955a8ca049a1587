import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from './ports/clock.ts';

/** The wall clock's time at the start, moved on by the monotonic clock: a step of the wall clock is not seen. */
export function monotonicClock(): Clock {
  const offset = Date.now() - performance.now();
  return {
    now: () => offset + performance.now(),
    sleep: async (milliseconds) => {
      await delay(milliseconds);
    },
  };
}
