import assert from 'node:assert/strict';
import { Reason } from '../../../reconcilers/reasons.ts';
import { redisUnit } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';

export const redisKilled: Scenario = {
  name: 'R1-redis-killed',
  about: "The primary's Redis is killed and stays down: its replica takes over, with the bots.",
  run: async (stage) => {
    await stage.crash('ct100', redisUnit);
    const { lastTransition } = await stage.tookOver('ct101');
    assert.equal(lastTransition?.cause, Reason.PrimaryProcessDead);
    await stage.written();
    return { primary: 'ct101', notReady: Reason.NoReplica, mayLose: true };
  },
};
