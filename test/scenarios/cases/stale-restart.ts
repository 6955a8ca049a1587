import assert from 'node:assert/strict';
import { Reason } from '../../../reconcilers/reasons.ts';
import { redisUnit } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';

/** For how long the better copy would have survived without anybody: repl-diskless-sync-delay, and a bit. */
const wipedAfterMs = 7_000;

export const staleRestart: Scenario = {
  name: 'R12-stale-restart',
  about: 'Redis is killed and systemd brings it back at once with an old snapshot: the newer copy survives.',
  redisRestartsItself: true,
  failoverReady: Reason.RedisRestartsItself,
  run: async (stage) => {
    await stage.written(500);
    const keys = async (node: string) => Number(await stage.lab.redis(node, 'DBSIZE'));
    const before = await keys('ct101');
    await stage.crash('ct100', redisUnit);
    await stage.settled('ct101');
    await stage.nothingMoves(wipedAfterMs);
    await stage.settled('ct101');
    for (const node of ['ct100', 'ct101'])
      assert.ok(
        (await keys(node)) >= before,
        `${node} holds ${await keys(node)} keys, and ${before} were there`,
      );
    return { primary: 'ct101', mayLose: true };
  },
};
