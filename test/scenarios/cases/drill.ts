import { redisUnit } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';

export const drill: Scenario = {
  name: 'R5-drill',
  about:
    'Redis on the primary is killed, and started again once its replica leads: it becomes a replica itself.',
  run: async (stage) => {
    await stage.crash('ct100', redisUnit);
    await stage.tookOver('ct101');
    await stage.written();
    await stage.on('ct100', `systemctl start ${redisUnit}`);
    await stage.settled('ct101');
    await stage.redisSays('ct100', 'master_link_status:up');
    return { primary: 'ct101', mayLose: true };
  },
};
