import { setTimeout as delay } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';

export interface Endpoint {
  host: string;
  port: number;
}

/** Where Sentinel-aware clients ask for the primary of the group `name`. */
export interface SentinelDiscovery {
  name: string;
  endpoints: readonly Endpoint[];
}

/** How a writer's client behaves: one set of values for all contenders of a bench. */
export interface ClientSettings {
  endpoints: readonly Endpoint[];
  /**
   * Present: each new connection asks the Sentinels for the primary instead of taking the next endpoint, and
   * +switch-master closes it (ioredis's failoverDetector). Everything else stays the same.
   */
  sentinels?: SentinelDiscovery;
  password?: string;
  /** Waits before the next endpoint is tried: the first for the first failure in a row, the last one repeats. */
  backoffMs: readonly number[];
  connectTimeoutMs: number;
  commandTimeoutMs: number;
}

type Target = Pick<
  RedisOptions,
  'host' | 'port' | 'sentinels' | 'name' | 'failoverDetector' | 'sentinelRetryStrategy'
>;

const warmUpRounds = 20;

export const DEFAULT_BACKOFF_MS: readonly number[] = [1, 2, 4, 7, 10];

/** What became of a write. `unknown`: it was sent and no answer came; it may have been applied, or yet be. */
export type WriteOutcome = { kind: 'acked' } | { kind: 'refused' | 'unsent' | 'unknown'; error: string };

/**
 * A client as an ordinary application would have it: one connection to one endpoint at a time; when that fails or
 * says it is not the primary, the next endpoint of the list after a short wait.
 */
export class EndpointClient {
  readonly #settings: ClientSettings;
  #connection: Redis | undefined;
  #endpoint = 0;
  #failuresInRow = 0;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
  }

  /** One attempt. After anything but `acked` the client has moved on and waited. */
  async set(key: string, value: string): Promise<WriteOutcome> {
    const outcome = await this.#attempt(key, value);
    if (outcome.kind === 'acked') this.#failuresInRow = 0;
    else await this.#moveOn();
    return outcome;
  }

  /** Connects to every endpoint a few times and leaves again, as a client that has lived for a while has done. */
  async warmUp(): Promise<void> {
    if (this.#settings.sentinels !== undefined) return;
    for (let round = 0; round < warmUpRounds * this.#settings.endpoints.length; round += 1) {
      await this.#connect().catch(() => undefined);
      this.close();
      this.#endpoint += 1;
    }
  }

  /** Where the last write that was acknowledged went, and where the next attempt goes. */
  get endpoint(): Endpoint {
    const { endpoints } = this.#settings;
    const endpoint = endpoints[this.#endpoint % endpoints.length];
    if (endpoint === undefined) throw new Error('no endpoints');
    return endpoint;
  }

  close(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    // On a connection that has ended, ioredis's disconnect() would leave a timer of 2 s.
    if (connection !== undefined && connection.status !== 'end') connection.disconnect();
  }

  async #attempt(key: string, value: string): Promise<WriteOutcome> {
    let connection: Redis;
    try {
      connection = this.#connection ?? (await this.#connect());
    } catch (error) {
      return { kind: 'unsent', error: errorKind(error) };
    }
    // Closed since the last write, by a failover detector perhaps: nothing was sent.
    if (connection.status !== 'ready') return { kind: 'unsent', error: 'closed' };
    try {
      await connection.set(key, value);
      return { kind: 'acked' };
    } catch (error) {
      // Thrown by ioredis instead of writing.
      if (error instanceof Error && error.message.startsWith("Stream isn't writeable")) {
        return { kind: 'unsent', error: 'closed' };
      }
      // An error that Redis itself sent says that the write was not done; any other leaves it open.
      const answered = error instanceof Error && error.name === 'ReplyError';
      return { kind: answered ? 'refused' : 'unknown', error: errorKind(error) };
    }
  }

  async #connect(): Promise<Redis> {
    const { password, connectTimeoutMs, commandTimeoutMs } = this.#settings;
    const connection = new Redis({
      ...this.#target(),
      ...(password && { password }),
      lazyConnect: true,
      connectTimeout: connectTimeoutMs,
      commandTimeout: commandTimeoutMs,
      // A failed write shall be seen as failed, at once: no queue, no resending, no reconnecting by itself.
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      enableReadyCheck: false,
    });
    // The rejection of connect() says only that the connection was closed; the reason comes as an event before it.
    let reason: unknown;
    connection.on('error', (error) => {
      reason = error;
    });
    this.#connection = connection;
    try {
      await connection.connect();
      return connection;
    } catch (error) {
      throw reason ?? error;
    }
  }

  #target(): Target {
    const { sentinels } = this.#settings;
    if (sentinels !== undefined) {
      return {
        sentinels: [...sentinels.endpoints],
        name: sentinels.name,
        failoverDetector: true,
        sentinelRetryStrategy: () => null,
      };
    }
    return { ...this.endpoint };
  }

  async #moveOn(): Promise<void> {
    this.close();
    this.#endpoint += 1;
    const { backoffMs } = this.#settings;
    const wait = backoffMs[Math.min(this.#failuresInRow, backoffMs.length - 1)] ?? 0;
    this.#failuresInRow += 1;
    await delay(wait);
  }
}

/** A short name for an error, without addresses or values: READONLY, ECONNREFUSED, 'Command timed out'. */
function errorKind(error: unknown): string {
  if (!(error instanceof Error)) return 'other';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code !== undefined) return code;
  return /^[A-Z]{3,}(?= )/.exec(error.message)?.[0] ?? error.message.replace(/\d+/g, 'N');
}
