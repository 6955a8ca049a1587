import { redisUnit } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

async function bootWithWrongClock(stage: Stage): Promise<void> {
  await stage.lab.kill('ct101');
  await stage.lab.boot('ct101', { clockOffset: '+1h' });
  await stage.redisSays('ct101', 'master_link_status:up');
}

export const wrongClock: Scenario = {
  name: 'wrong-clock',
  about: "One host's clock is an hour ahead: leases, failover and failback are as ever.",
  before: bootWithWrongClock,
  run: async (stage) => {
    await stage.crash('ct100', redisUnit);
    await stage.tookOver('ct101');
    await stage.on('ct100', `systemctl start ${redisUnit}`);
    await stage.settled('ct101');
    await stage.command('failback');
    await stage.settled('ct100');
    return { primary: 'ct100', mayLose: true };
  },
};
