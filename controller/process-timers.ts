import type { Timers } from './ports/timers.ts';

/** The timers of this process. */
export const processTimers: Timers = {
  now: () => performance.now(),
  after: (milliseconds, call) => {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};
