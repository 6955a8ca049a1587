import { redisUnit } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';

export const failback: Scenario = {
  name: 'R4-failback',
  about:
    'After a failover the old primary comes back as a replica, and an operator moves the primary back to it.',
  run: async (stage) => {
    await stage.on('ct100', `systemctl stop ${redisUnit}`);
    await stage.tookOver('ct101');
    await stage.on('ct100', `systemctl start ${redisUnit}`);
    await stage.settled('ct101');
    await stage.written();
    await stage.command('failback');
    await stage.settled('ct100');
    return { primary: 'ct100' };
  },
};
