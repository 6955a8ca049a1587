import type { Redis } from 'ioredis';
import type { RedisPair } from '../../redis/redis-pair.ts';
import { SentinelGroup } from '../../redis/sentinel.ts';
import type { SentinelDiscovery } from '../../traffic/endpoint-client.ts';
import { monotonicMs } from '../../traffic/monotonic.ts';
import type { CrashContender, HandoverContender } from '../contender.ts';

/** Three Sentinels with quorum 2 (https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/). */
export class SentinelContender implements HandoverContender, CrashContender {
  readonly #downAfterMs: number;
  #sentinels: SentinelGroup | undefined;
  #odownAt: number | undefined;
  #switched: Promise<unknown> | undefined;

  /** `downAfterMs`: Sentinel's down-after-milliseconds. */
  constructor(downAfterMs: number) {
    this.#downAfterMs = downAfterMs;
  }

  /**
   * Sentinel's clients must ask it: it leaves a healthy old primary writable for 8 s and more after SENTINEL FAILOVER,
   * and clients that only know addresses would stay there all that time.
   */
  get discovery(): SentinelDiscovery | undefined {
    return this.#sentinels && { name: this.#sentinels.name, endpoints: this.#sentinels.endpoints };
  }

  async setUp(pair: RedisPair): Promise<void> {
    const sentinels = await SentinelGroup.start({ primary: pair.primary, downAfterMs: this.#downAfterMs });
    this.#sentinels = sentinels;
    const listeners = await Promise.all(
      Array.from({ length: sentinels.count }, (_, index) => sentinels.admin(index)),
    );
    await Promise.all(listeners.map((listener) => listener.subscribe('+odown', '+switch-master')));
    this.#switched = Promise.any(listeners.map((listener) => this.#switchSeenBy(listener)));
  }

  async handOver(): Promise<void> {
    if (this.#sentinels === undefined) throw new Error('handOver before setUp');
    const admin = await this.#sentinels.admin();
    await admin.call('SENTINEL', 'FAILOVER', this.#sentinels.name);
    await this.#switched;
  }

  /** Sentinel's verdict is +odown: the quorum agrees that the primary is down. */
  async recovered(killedAt: number): Promise<{ detectMs: number }> {
    await this.#switched;
    if (this.#odownAt === undefined) throw new Error('a switch without +odown');
    return { detectMs: this.#odownAt - killedAt };
  }

  async tearDown(): Promise<void> {
    await this.#sentinels?.stop();
  }

  #switchSeenBy(listener: Redis): Promise<void> {
    return new Promise((resolve) => {
      listener.on('message', (channel: string) => {
        if (channel === '+odown') this.#odownAt ??= monotonicMs();
        else resolve();
      });
    });
  }
}
