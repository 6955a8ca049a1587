import assert from 'node:assert/strict';
import { Reason } from '../../../reconcilers/reasons.ts';
import { nodeNames, units } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';

const user = 'understudy';

export const deadHostReturns: Scenario = {
  name: 'dead-host-returns',
  about:
    'A host that lost power comes back with a bot enabled at boot by mistake: the guard keeps it from running.',
  group: { isFencedOutOfBand: true, user },
  failoverReady: Reason.UnitEnabledAtBoot,
  before: async (stage) => {
    for (const node of nodeNames)
      await stage.command('node', 'install', '--node', node, '--as', 'root', '--user', user);
    await stage.on('ct100', `systemctl enable ${units[0]}`);
  },
  run: async (stage) => {
    await stage.lab.kill('ct100');
    await stage.tookOver('ct101');
    await stage.written();
    await stage.lab.boot('ct100');
    await stage.settled('ct101');
    const held = await stage.on('ct100', `systemctl show --property=ConditionResult --value ${units[0]}`);
    assert.equal(held, 'no', 'systemd has not tried to start the bot: the guard was not needed');
    return { primary: 'ct101', mayLose: true };
  },
};
