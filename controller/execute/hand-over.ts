import type { Outcome } from '../../reconcilers/action.ts';
import type { HandOverCommand, HandOverReply } from '../../reconcilers/hand-over.ts';
import { advanceHandOver, beginHandOver, isEnd } from '../../reconcilers/hand-over.ts';
import type { GroupNode, Reach } from '../group-nodes.ts';
import type { ReplicationPosition, Reply } from '../ports/redis-node.ts';
import { inOrder } from './outcomes.ts';
import { openToWrites } from './roles.ts';

/** Beyond this many polls the replica is not just a round trip behind: look once a millisecond. */
const busyPolls = 50;

/**
 * Swaps the roles of two healthy nodes without losing a write. Both connections claim the epoch first, so
 * that nothing is paused when one of them would refuse.
 */
export async function handOver(
  reach: Reach,
  from: GroupNode,
  to: GroupNode,
  terms: { epoch: number; budgetMs: number; history?: string },
): Promise<Outcome> {
  const claimed = await inOrder([
    () => from.redis.claim(terms.epoch),
    () => to.redis.claim(terms.epoch),
    async () => openToWrites(to, await to.redis.observe()),
    // A deposed controller may have paused it while it held another data set: it takes the stage open.
    () => to.redis.resumeWrites(),
  ]);
  if (claimed.kind !== 'done') return claimed;
  // Between the last look at the clock and the demotion's effect lies at most one command's timeout.
  let step = beginHandOver(reach.clock.now(), terms.budgetMs, reach.commandTimeoutMs, terms.history);
  while (!isEnd(step.next)) {
    if (step.state.stage === 'poll' && step.state.polls > busyPolls) await reach.clock.sleep(1);
    const reply = await run(step.next, from, to);
    step = advanceHandOver(step.state, reply, reach.clock.now());
  }
  if (step.next.kind !== 'done') return step.next;
  return { kind: 'done', detail: { writeGapMs: step.next.writeGapMs, polls: step.next.polls } };
}

async function run(command: HandOverCommand, from: GroupNode, to: GroupNode): Promise<HandOverReply> {
  const node = command.node === 'from' ? from : to;
  switch (command.run) {
    case 'pauseWrites':
      return located(await node.redis.pauseWrites(command.milliseconds));
    case 'position':
      return located(await node.redis.position());
    case 'follow':
      return plain(await node.redis.follow(to.endpoint));
    case 'promote':
      return plain(await node.redis.promote());
    case 'resumeWrites':
      return plain(await node.redis.resumeWrites());
    case 'dropClients':
      return plain(await node.redis.dropClients());
  }
}

function plain(outcome: Outcome): HandOverReply {
  return outcome.kind === 'done' ? { kind: 'done' } : outcome;
}

function located(reply: Reply<ReplicationPosition>): HandOverReply {
  return reply.kind === 'done' ? { kind: 'done', position: reply.value } : reply;
}
