import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

export interface RedisAddress {
  host: string;
  port: number;
  /** Absent: the server asks for none. */
  password?: string;
}

export interface ConnectOptions {
  /** How long a server that is not up yet is tried; absent: 10,000. */
  timeoutMs?: number;
  /** Gives up at once. */
  signal?: AbortSignal;
}

/**
 * A connection on which fixtures steer a server: it never resends a command whose fate is unknown, so a REPLICAOF
 * or FAILOVER runs at most once, and once lost it stays lost. RESP2, so that map replies are flat arrays as
 * redis-cli shows them. A server that is not up yet, or loading, is tried again every 10 ms until `timeoutMs`.
 */
export async function connectAdmin(address: RedisAddress, options: ConnectOptions = {}): Promise<Redis> {
  const deadline = performance.now() + (options.timeoutMs ?? 10_000);
  for (;;) {
    try {
      return await connectOnce(address);
    } catch (cause) {
      if (performance.now() > deadline || options.signal?.aborted) {
        throw new Error(`no Redis at ${address.host}:${address.port}`, { cause });
      }
      // A loop of its own: an ioredis client that is told to stop while it waits to reconnect never emits 'end'.
      await delay(10);
    }
  }
}

async function connectOnce(address: RedisAddress): Promise<Redis> {
  const connection = new Redis({
    ...address,
    protocol: 2,
    lazyConnect: true,
    connectTimeout: 2_000,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    enableReadyCheck: false,
  });
  let lastError: unknown;
  connection.on('error', (error) => {
    lastError = error;
  });
  try {
    await connection.connect();
    // Refused without the password, and with LOADING until the data set is in memory.
    await connection.ping();
    return connection;
  } catch (error) {
    closeAdmin(connection);
    throw lastError ?? error;
  }
}

/** Closes the connection. On one that has ended already, ioredis's disconnect() would leave a timer of 2 s. */
export function closeAdmin(connection: Redis): void {
  if (connection.status !== 'end') connection.disconnect();
}
