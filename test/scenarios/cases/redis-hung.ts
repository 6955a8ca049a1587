import assert from 'node:assert/strict';
import { Reason } from '../../../reconcilers/reasons.ts';
import { redisUnit } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';

export const redisHung: Scenario = {
  name: 'redis-hung',
  about:
    "The primary's Redis hangs (SIGSTOP): it is stopped by its host, its replica leads, and it comes back as a replica.",
  run: async (stage) => {
    await stage.on('ct100', `systemctl kill --signal=STOP --kill-whom=main ${redisUnit}`);
    const { lastTransition } = await stage.tookOver('ct101');
    assert.equal(lastTransition?.cause, Reason.PrimaryHung);
    await stage.settled('ct101');
    return { primary: 'ct101', mayLose: true };
  },
};
