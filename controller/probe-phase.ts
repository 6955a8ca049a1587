/**
 * When within its period (ms, from 0) a key is probed: the same for all time, and spread over the keys, so that
 * many groups are not looked at in one moment. FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/).
 */
export function phaseOf(key: string, periodMs: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (mixed(hash) / 2 ** 32) * periodMs;
}

/** Keys that differ in their last letters alone go far apart only so (the finalizer of MurmurHash3). */
function mixed(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return (twice ^ (twice >>> 16)) >>> 0;
}

/** A timer may come this part of a period too early: that is no reason to probe twice. */
const tolerance = 0.1;

/** How long (ms) from now until that phase of the period is next, if it is not just now: at most 1.1 periods. */
export function untilPhase(phase: number, periodMs: number, now: number): number {
  const ahead = (phase - (now % periodMs) + periodMs) % periodMs;
  return ahead > tolerance * periodMs ? ahead : ahead + periodMs;
}
