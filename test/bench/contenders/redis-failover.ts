import type { RedisPair } from '../../redis/redis-pair.ts';
import { until } from '../../redis/until.ts';
import type { HandoverContender } from '../contender.ts';

/** Redis's own FAILOVER command (https://redis.io/docs/latest/commands/failover/), sent to the primary. */
export class RedisFailover implements HandoverContender {
  #pair: RedisPair | undefined;

  async setUp(pair: RedisPair): Promise<void> {
    this.#pair = pair;
  }

  async handOver(): Promise<void> {
    if (this.#pair === undefined) throw new Error('handOver before setUp');
    const { primary, replica } = this.#pair;
    const [old, next] = await Promise.all([primary.admin(), replica.admin()]);
    await old.call('FAILOVER', 'TO', replica.host, String(replica.port));
    await until('FAILOVER to swap the roles', async () => {
      const [oldRole, nextRole] = await Promise.all([old.role(), next.role()]);
      return oldRole[0] === 'slave' && nextRole[0] === 'master';
    });
  }

  async tearDown(): Promise<void> {}
}
