import assert from 'node:assert/strict';
import { Reason } from '../../../reconcilers/reasons.ts';
import { redisUnit } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';

/** The runbook's promise for the whole of it. */
const promisedSeconds = 30;
export const measuredDrill: Scenario = {
  name: 'R6-measured-drill',
  about: 'A failover tells how long each part of it took, and that agrees with what writers outside saw.',
  run: async (stage) => {
    await stage.crash('ct100', redisUnit);
    const { lastTransition } = await stage.tookOver('ct101');
    await stage.written();
    const {
      detectSeconds = -1,
      promoteSeconds = -1,
      unitsSeconds = -1,
      writeGapSeconds = -1,
    } = lastTransition ?? {};
    const told = { detectSeconds, promoteSeconds, unitsSeconds, writeGapSeconds };
    for (const [name, seconds] of Object.entries(told))
      assert.ok(
        seconds >= 0 && seconds < promisedSeconds,
        `${name} is ${seconds} in ${JSON.stringify(lastTransition)}`,
      );
    // Clients have to come back after the servers have changed: they see somewhat more.
    const seen = ((await stage.traffic?.report())?.gap.gapMs ?? 0) / 1_000;
    assert.ok(
      writeGapSeconds >= seen / 2 - 0.02 && writeGapSeconds <= seen + 0.1,
      `writeGapSeconds is ${writeGapSeconds}, and writers saw ${seen}`,
    );
    assert.ok(writeGapSeconds >= promoteSeconds, JSON.stringify(told));
    return { primary: 'ct101', notReady: Reason.NoReplica, mayLose: true };
  },
};
