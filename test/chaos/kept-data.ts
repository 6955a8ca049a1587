import type { History } from './history.ts';
import { keyOf, type WriteRecord } from './write-log.ts';

/** It is in a copy of the data of a node that had it. */
export const isKept = (write: WriteRecord, holder: string, { copies }: History): boolean =>
  copies.some(({ node, holds }) => node === holder && holds.has(keyOf(write)));

/**
 * A fault takes data away only where all of it is there twice (Mayhem). So it excuses what was taken since, and what
 * was on its way to the replicas when it began, which `inSync` lets be so much behind at most (ms).
 */
const onItsWayMs = 5_000;

/** A fault took it away before anybody could have kept a copy: that was due when the node was in sync again. */
export function isDestroyed(write: WriteRecord, holder: string, { spoilt, rejoined }: History): boolean {
  const due = rejoined.find(({ node, at }) => node === holder && at > write.answered)?.at;
  return spoilt.some(
    ({ node, from, at }) =>
      node === holder &&
      write.answered >= from - onItsWayMs &&
      write.sent <= at &&
      at <= (due ?? Number.POSITIVE_INFINITY),
  );
}
