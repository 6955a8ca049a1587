import assert from 'node:assert/strict';
import { Reason } from '../../../reconcilers/reasons.ts';
import { redisUnit, units } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';

const broken = '[Service]\nExecStart=\nExecStart=/bin/false\n';

export const unitCrashLoops: Scenario = {
  name: 'unit-crash-loops',
  about: 'A bot cannot run on the new primary: writes and the other bot go on there, and it is told.',
  before: (stage) => stage.dropIn('ct101', units[0], broken),
  run: async (stage) => {
    await stage.crash('ct100', redisUnit);
    await stage.until('ct101 leads', ({ currentPrimary }) => currentPrimary === 'ct101');
    await stage.on('ct100', `systemctl start ${redisUnit}`);
    await stage.said('ReplicaInSync', Reason.InSync);
    await stage.said('Ready', Reason.UnitsNotRunning);
    await stage.written();
    return { primary: 'ct101', brokenBot: 'equity', notReady: Reason.UnitsNotRunning, mayLose: true };
  },
};

export const switchoverToCrashLoop: Scenario = {
  name: 'switchover-to-crash-loop',
  about: 'A planned move to a host on which a bot cannot run ends where it began, and says why.',
  before: (stage) => stage.dropIn('ct101', units[0], broken),
  run: async (stage) => {
    const { code, document } = await stage.understudy('switchover', 'ct101');
    assert.equal(code, 1, JSON.stringify(document));
    assert.match(JSON.stringify(document), /quantshift-equity/);
    await stage.until('ct100 leads again', ({ currentPrimary }) => currentPrimary === 'ct100');
    await stage.command('switchover', 'ct100');
    await stage.settled('ct100');
    return { primary: 'ct100' };
  },
};
