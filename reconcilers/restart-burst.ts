import type { UnitView } from './observation.ts';

/** Restarts of one unit by its own supervisor that follow each other closely. */
export interface RestartBurst {
  /** systemd's NRestarts at the last look. */
  readonly restarts: number;
  readonly count: number;
  readonly lastAt: number;
}

/** Restarts further apart (ms) than this are stories of their own. */
const apartMs = 15_000;
/** So many in a row are no accident any more. */
const loopCount = 3;

/** Takes one look at a unit into account. `now` in ms. */
export function burstAfter(before: RestartBurst | undefined, unit: UnitView, now: number): RestartBurst {
  const { restarts } = unit;
  if (before === undefined || restarts < before.restarts) return { restarts, count: 0, lastAt: now };
  if (restarts === before.restarts) return before;
  const earlier = now - before.lastAt < apartMs ? before.count : 0;
  return { restarts, count: earlier + restarts - before.restarts, lastAt: now };
}

/** Whether it was restarted lately. */
export function isBurst(burst: RestartBurst | undefined, now: number): boolean {
  return burst !== undefined && burst.count > 0 && now - burst.lastAt < apartMs;
}

/** Whether it ends and is started again, over and over. */
export function isLoop(burst: RestartBurst | undefined, now: number): boolean {
  return burst !== undefined && burst.count >= loopCount && now - burst.lastAt < apartMs;
}
