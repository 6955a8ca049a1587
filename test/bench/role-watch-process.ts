import { setTimeout as delay } from 'node:timers/promises';
import { closeAdmin, connectAdmin, type RedisAddress } from '../redis/admin-connection.ts';
import { monotonicMs } from '../traffic/monotonic.ts';

/** Asks one server for its role every millisecond and tells the parent when it is first a primary. */
async function watch(address: RedisAddress): Promise<void> {
  const connection = await connectAdmin(address);
  process.send?.({ kind: 'watching' });
  while ((await connection.role())[0] !== 'master') await delay(1);
  process.send?.({ kind: 'promoted', at: monotonicMs() });
  closeAdmin(connection);
}

process.on('message', (address: RedisAddress) => void watch(address));
process.on('disconnect', () => process.exit());
