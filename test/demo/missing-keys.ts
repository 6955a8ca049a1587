import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { closeAdmin, connectAdmin, type RedisAddress } from '../redis/admin-connection.ts';
import { RedisProcess } from '../redis/redis-process.ts';
import { type AckedKeys, keysOf } from '../traffic/acked-keys.ts';

const batchSize = 1_000;

/** Those of the keys that this Redis does not have. Throws if it cannot be asked. */
export async function missingKeys(keys: Iterable<string>, address: RedisAddress): Promise<string[]> {
  const connection = await connectAdmin(address);
  const missing: string[] = [];
  const ask = async (batch: readonly string[]) => {
    if (batch.length === 0) return;
    const values = await connection.mget([...batch]);
    missing.push(...batch.filter((_, index) => (values[index] ?? null) === null));
  };
  try {
    let batch: string[] = [];
    for (const key of keys) {
      batch.push(key);
      if (batch.length < batchSize) continue;
      await ask(batch);
      batch = [];
    }
    await ask(batch);
    return missing;
  } finally {
    closeAdmin(connection);
  }
}

/** The acknowledged writes that the primary does not have. */
export function lostKeys(acked: readonly AckedKeys[], primary: RedisAddress): Promise<string[]> {
  return missingKeys(keysOf(acked), primary);
}

/** How many of the keys are in a copy of a data file (RDB), as a redis-server that starts on it says. */
export async function countKept(keys: readonly string[], dataFile: string): Promise<number> {
  const server = await RedisProcess.prepare([
    ['appendonly', 'no'],
    ['save', '""'],
  ]);
  try {
    await copyFile(dataFile, join(server.directory, 'dump.rdb'));
    await server.launch();
    const missing = await missingKeys(keys, { host: server.host, port: server.port });
    return keys.length - missing.length;
  } finally {
    await server.stop();
  }
}
