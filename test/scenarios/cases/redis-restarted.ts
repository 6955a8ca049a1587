import { redisUnit } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';

export const redisRestarted: Scenario = {
  name: 'redis-restarted',
  about:
    "The primary's Redis is restarted, as by a package upgrade: it is back within the grace, and nothing moves.",
  group: { failover: { stoppedGraceSeconds: 3 } },
  run: async (stage) => {
    await stage.on('ct100', `systemctl restart ${redisUnit}`);
    await stage.nothingMoves(5_000);
    await stage.written();
    await stage.settled('ct100');
    return { primary: 'ct100' };
  },
};
