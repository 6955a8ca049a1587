import { attendedUntil } from './attendance.ts';
import { refusesWritesAt } from './lease.ts';
import { nodeMemory } from './memory.ts';
import type { PrimaryView, ReplicaView } from './observation.ts';
import { addressOf } from './observation.ts';
import { proofOfPowerOff } from './power-off.ts';
import { maxLagSeconds } from './redis-config.ts';
import type { Situation } from './situation.ts';
import { answering, follows, lastSeenOf, observed } from './situation.ts';

/** redis.conf, repl-timeout: a link that nothing comes through is given up after this long (s). */
const defaultGivingUpSeconds = 60;
/** INFO tells whole seconds, and systemd and Redis do not count from one moment (ms). */
const roundingMs = 2_000;
/** Between two looks of an idle loop, and what INFO rounds away (ms). */
const silentMs = 4_000;

/**
 * How long (ms) the old primary may have taken writes that neither this node nor anybody here heard of: Infinity
 * when nobody knows since when. What it was seen to have is another matter: its offset tells that.
 */
export function unheardMs(situation: Situation, name: string, from: string): number {
  const view = answering(situation, name);
  if (view === undefined) return Number.POSITIVE_INFINITY;
  const since = Math.max(heardUntil(situation, name, view, from), seenUntil(situation, from));
  return Math.max(0, wroteUntil(situation, from) - since);
}

/** Whether the node had its link to the old primary until that ended: a clean stop waits for what it has not got yet. */
export function heardToTheEnd(situation: Situation, name: string, from: string): boolean {
  const view = answering(situation, name);
  if (view === undefined) return false;
  return heardUntil(situation, name, view, from) >= wroteUntil(situation, from) - roundingMs;
}

/** Up to when (ms) the node has surely got all that its primary wrote. */
function heardUntil(
  situation: Situation,
  name: string,
  view: PrimaryView | ReplicaView,
  from: string,
): number {
  // Promoted by hand: it is no copy of anything any more, and what it holds is compared by its history.
  if (view.role === 'primary') return situation.now;
  if (!follows(situation, view, from) || wasFarBehind(situation, name)) return Number.NEGATIVE_INFINITY;
  const { now } = situation;
  if (view.link !== 'down') return now - (view.lastIoSeconds ?? 0) * 1000;
  // Down and never up in this run: its data is what its disk held (Redis tells -1 then, not a time).
  if (view.linkDownSeconds === undefined) return Number.NEGATIVE_INFINITY;
  const lostAt = now - view.linkDownSeconds * 1000;
  const { heard, redisSilentAt } = nodeMemory(situation.memory, name);
  const looked = heard?.of === addressOf(view) ? heard.at : undefined;
  // Who looked at it meanwhile knows whether it had been silent before: then the end comes by chance just now.
  const wasSilent = looked !== undefined && looked < lostAt - silentMs;
  if (!wasSilent && endedWith(situation, from, lostAt)) return lostAt;
  // It may have hung until just now, and not have looked at its link for as long as that.
  const hung = redisSilentAt !== undefined && lostAt >= redisSilentAt - roundingMs;
  if (hung) return looked ?? Number.NEGATIVE_INFINITY;
  // Nobody else tells whether it broke or was given up after a long silence.
  const givenUp = Number(view.config['repl-timeout'] ?? defaultGivingUpSeconds) * 1000;
  return Math.max(looked ?? Number.NEGATIVE_INFINITY, lostAt - givenUp);
}

/**
 * Whether a link that was lost then (ms) was most likely lost by the end of the primary's process. A replica that hung,
 * or was cut off, at that time finds out long after.
 */
function endedWith(situation: Situation, from: string, lostAt: number): boolean {
  const ended = endedAt(situation, from);
  if (ended !== undefined) return lostAt >= ended - roundingMs && lostAt <= ended + silentMs;
  // Nobody tells when it ended, and a closed port that it has.
  const { redis, host } = observed(situation, from);
  const isThere = host.state === 'answers' && host.redisUnit?.state === 'running';
  return redis.state === 'refused' && !isThere;
}

/** How much it lacked was seen, and not whether it ever came: what it hears may be long past. */
function wasFarBehind({ status, spec }: Situation, name: string): boolean {
  const known = status.nodes?.find((node) => node.name === name);
  return known?.inSync === false && (known.lagBytes ?? 0) > spec.failover.maxLagBytes;
}

/** When (ms) the offset that the node is compared with was seen. */
function seenUntil(situation: Situation, from: string): number {
  const time = lastSeenOf(situation, from)?.time;
  return time === undefined ? Number.NEGATIVE_INFINITY : Date.parse(time);
}

/** Until when (ms) a former primary may have taken writes: now, where nothing tells of its end. */
export function wroteUntil(situation: Situation, from: string): number {
  const ends = [endedAt(situation, from), offSince(situation, from), refusedSince(situation, from)];
  return Math.min(situation.now, ...ends.filter((end) => end !== undefined));
}

/** When (ms) its process ended, as its host tells. */
function endedAt(situation: Situation, name: string): number | undefined {
  const { host } = observed(situation, name);
  if (host.state !== 'answers' || host.redisUnit?.endedSeconds === undefined) return undefined;
  if (host.redisUnit.state === 'running') return undefined;
  return situation.now - host.redisUnit.endedSeconds * 1000;
}

/** When (ms) it was proved to be off. */
function offSince(situation: Situation, name: string): number | undefined {
  if (proofOfPowerOff(situation, name) === undefined) return undefined;
  const fence = situation.status.fences?.find(({ node }) => node === name);
  return fence === undefined ? undefined : Date.parse(fence.time);
}

/** When (ms) it has surely begun to refuse writes: nobody acknowledges them any more, or its watch sees to it. */
function refusedSince(situation: Situation, from: string): number | undefined {
  if (lastSeenOf(situation, from)?.refusesAlone !== true) return refusesWritesAt(situation, from);
  return attendedUntil(situation, from) + (maxLagSeconds + 1) * 1000;
}
