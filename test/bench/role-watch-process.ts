import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { closeAdmin, connectAdmin, type RedisAddress } from '../redis/admin-connection.ts';
import { monotonicMs } from '../traffic/monotonic.ts';

/** Asks one server for its role every millisecond and tells the parent when it is first a primary. */
async function watch(address: RedisAddress): Promise<void> {
  let connection = await connectAdmin(address);
  process.send?.({ kind: 'watching' });
  for (;;) {
    const role = await roleOf(connection);
    if (role === 'master') break;
    // Sentinel kills the clients of the replica that it promotes.
    if (role === undefined) connection = await connectAdmin(address);
    else await delay(1);
  }
  process.send?.({ kind: 'promoted', at: monotonicMs() });
  closeAdmin(connection);
}

/** Undefined when the connection is lost. */
async function roleOf(connection: Redis): Promise<unknown> {
  try {
    return (await connection.role())[0];
  } catch {
    closeAdmin(connection);
    return undefined;
  }
}

process.on('message', (address: RedisAddress) => void watch(address));
process.on('disconnect', () => process.exit());
