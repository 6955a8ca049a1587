import type { RedisPair } from '../redis/redis-pair.ts';
import type { SentinelDiscovery } from '../traffic/endpoint-client.ts';

/** Whoever looks after a pair in a bench. One object serves one run; it starts with setUp and ends with tearDown. */
export interface Contender {
  /** For clients that are told by the contender where the primary is; absent: they know the two addresses. */
  readonly discovery?: SentinelDiscovery | undefined;
  /** Resolves when it is ready to act on this pair. */
  setUp(pair: RedisPair): Promise<void>;
  /** Ends what setUp started; also after a failure in the middle of setUp. */
  tearDown(): Promise<void>;
}

/** One that moves the primary on request. */
export interface HandoverContender extends Contender {
  /** Makes `pair.replica` the primary; resolves when it says that it is done. */
  handOver(): Promise<void>;
}

/** One that replaces a dead primary by itself. */
export interface CrashContender extends Contender {
  /**
   * Resolves when it says that `pair.replica` has taken over from the primary killed at `killedAt` (monotonic ms).
   * `detectMs`: from the kill to its own verdict that the primary is dead.
   */
  recovered(killedAt: number): Promise<{ detectMs: number }>;
}

/** The contenders of one bench by name, each made anew for every run. */
export type Contenders<C extends Contender> = Readonly<Record<string, () => C>>;
