import type { Attendance } from './memory.ts';
import { nodeMemory } from './memory.ts';
import { proofOfPowerOff } from './power-off.ts';
import type { Situation } from './situation.ts';
import { answering, asReplica, follows, observed, others } from './situation.ts';

/** A replica that heard a primary this long ago acknowledges to it still, as far as can be known (ms). */
const recentMs = 2_000;

/** Until when each other node may have acknowledged what `name` writes. */
export function attendanceOf(situation: Situation, name: string): Attendance {
  const before = nodeMemory(situation.memory, name).attended;
  return Object.fromEntries(
    others(situation, name).map((other) => [other, heardUntil(situation, name, other, before)]),
  );
}

function heardUntil(
  situation: Situation,
  name: string,
  other: string,
  before: Attendance | undefined,
): Attendance[string] {
  const { now } = situation;
  const heardAt = mayHearUntil(situation, other, name);
  if (heardAt !== undefined) return { until: heardAt, isOver: false };
  const known = before?.[other] ?? { until: now, isOver: false };
  const endedSinceThen = !known.isOver && now - known.until < recentMs;
  return { until: endedSinceThen ? now : known.until, isOver: true };
}

/**
 * Until when (ms) somebody may have acknowledged what a node writes: it takes writes at least as long (redis.conf,
 * min-replicas-to-write), and so does its watch let it. Whoever does not answer may be beside it, on the far
 * side of the same broken wire.
 */
export function attendedUntil(situation: Situation, name: string): number {
  const { attended } = nodeMemory(situation.memory, name);
  return attended === undefined
    ? situation.now
    : Math.max(...Object.values(attended).map(({ until }) => until));
}

/** The last time (ms) that `other` may have heard `name`; undefined: it is surely no replica of it now. */
function mayHearUntil(situation: Situation, other: string, name: string): number | undefined {
  if (isUnaccounted(situation, other)) return situation.now;
  const replica = asReplica(situation, other);
  if (replica === undefined || replica.link === 'down' || !follows(situation, replica, name))
    return undefined;
  return situation.now - (replica.lastIoSeconds ?? 0) * 1000;
}

/** It does not answer, and nothing proves that its Redis does not run. */
function isUnaccounted(situation: Situation, name: string): boolean {
  if (answering(situation, name) !== undefined) return false;
  const { redis, host } = observed(situation, name);
  const unit = host.state === 'answers' ? host.redisUnit?.state : undefined;
  if (redis.state === 'refused' && (unit === 'stopped' || unit === 'failed')) return false;
  return proofOfPowerOff(situation, name) === undefined;
}

/** A node that may keep another one going, unseen, or nothing. */
export function unaccounted(situation: Situation, name: string): string | undefined {
  return others(situation, name).find((other) => isUnaccounted(situation, other));
}
