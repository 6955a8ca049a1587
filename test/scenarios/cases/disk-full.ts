import { Reason } from '../../../reconcilers/reasons.ts';
import { redisUnit } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

const smallDisk = `set -e
systemctl stop ${redisUnit}
mount -t tmpfs -o size=4m,uid=$(id -u redis),gid=$(id -g redis),mode=750 tmpfs /var/lib/redis
systemctl start ${redisUnit}`;

async function saves(stage: Stage, isFine: boolean): Promise<void> {
  await stage.lab.redis('ct101', 'BGSAVE');
  await stage.redisSays('ct101', `rdb_last_bgsave_status:${isFine ? 'ok' : 'err'}`);
}

export const diskFull: Scenario = {
  name: 'disk-full-replica',
  about:
    "The replica's disk is full: writes go on, it is told that it could not take over, and freeing space mends it.",
  before: (stage) => stage.on('ct101', smallDisk).then(() => undefined),
  run: async (stage) => {
    await stage.on('ct101', 'cat /dev/zero >/var/lib/redis/full 2>/dev/null || true');
    await saves(stage, false);
    await stage.said('FailoverReady', Reason.CandidateDiskFailing);
    await stage.written();
    await stage.nothingMoves(2_000);
    await stage.on('ct101', 'rm /var/lib/redis/full');
    await saves(stage, true);
    await stage.said('FailoverReady', Reason.WouldSucceed);
    await stage.settled('ct100');
    return { primary: 'ct100' };
  },
};
