import assert from 'node:assert/strict';
import { Reason } from '../../../reconcilers/reasons.ts';
import { readBotRecords, runsOf } from '../../lab/bot-log.ts';
import { until } from '../../redis/until.ts';
import { nodeNames, redisUnit, units } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

/** Several of the monitor's rounds that the runbook asks for would fit into it. */
const watchedMs = 5_000;

const equityRuns = (stage: Stage) => readBotRecords(stage.lab, ['ct101'], ['equity']).flatMap(runsOf).length;

export const redisStopped: Scenario = {
  name: 'R3-automated-monitor',
  about:
    "The primary's Redis is stopped: one failover, and then nothing more; a bot that crashes is started again.",
  // systemd shall not do it: the controller does.
  before: async (stage) => {
    for (const node of nodeNames) await stage.dropIn(node, units[0], '[Service]\nRestart=no\n');
  },
  run: async (stage) => {
    await stage.on('ct100', `systemctl stop ${redisUnit}`);
    const { lastTransition } = await stage.tookOver('ct101');
    assert.equal(lastTransition?.cause, Reason.PrimaryStopped);
    await stage.said('Ready', Reason.NoReplica);
    await stage.written();
    await stage.nothingMoves(watchedMs);
    assert.equal(equityRuns(stage), 1);
    await stage.crash('ct101', units[0]);
    await until('the bot is started again', async () => equityRuns(stage) === 2);
    await stage.tookOver('ct101');
    return { primary: 'ct101', notReady: Reason.NoReplica };
  },
};
