import { setTimeout as delay } from 'node:timers/promises';
import type { Reply } from '../ports/redis-node.ts';
import { type Answer, type Command, textOf } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { type InfoFields, parseInfo } from './info.ts';
import { list } from './look.ts';
import { type Failure, RedisReason, refused, unknown } from './refusals.ts';

/** Sends commands as a claimed, mutating call: every answer a value, or why not. */
export type Send = (commands: readonly Command[]) => Promise<Reply<readonly Answer[]>>;

const pollMs = 20;

/**
 * BGSAVE, and waits for its end. A save that is under way began before the call, so it does not count: it is
 * waited for and another is begun. Value: the path of the file at the node.
 */
export async function takeSnapshot(send: Send, deadline: Deadline): Promise<Reply<string>> {
  let begun = await send([['bgsave']]);
  while (begun.kind === 'refused' && /in progress|child process/.test(begun.message) && deadline.left > 0) {
    // Another save, or a rewrite of the append-only file, is under way.
    await delay(pollMs);
    begun = await send([['bgsave']]);
  }
  if (begun.kind !== 'done') return begun;
  const ended = await untilNoChild(send, deadline);
  if (ended.kind !== 'done') return ended;
  if (ended.value.get('rdb_last_bgsave_status') !== 'ok')
    return refused(RedisReason.SnapshotFailed, 'BGSAVE failed; the log of the Redis says why.');
  const place = await send([
    ['config', 'GET', 'dir'],
    ['config', 'GET', 'dbfilename'],
  ]);
  if (place.kind !== 'done') return place;
  const [directory, file] = place.value.map((answer) => list(answer)[1] ?? '');
  return { kind: 'done', value: `${directory}/${file}` };
}

/** Resolves with INFO persistence as soon as no save and no rewrite runs. */
async function untilNoChild(send: Send, deadline: Deadline): Promise<Reply<InfoFields>> {
  for (;;) {
    const reply = await send([['info', 'persistence']]);
    if (reply.kind !== 'done') return reply;
    const info = parseInfo(textOf(reply.value[0]));
    const busy = ['rdb_bgsave_in_progress', 'aof_rewrite_in_progress'].some((key) => info.get(key) === '1');
    if (!busy) return { kind: 'done', value: info };
    if (deadline.left === 0) return tooSlow;
    await delay(Math.min(pollMs, deadline.left));
  }
}

const tooSlow: Failure = unknown('The snapshot has not ended in time.');
