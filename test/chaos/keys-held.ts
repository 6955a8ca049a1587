import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { missingKeys } from '../demo/missing-keys.ts';
import { RedisProcess } from '../redis/redis-process.ts';

/** Those of the keys that are in a copy of a data file (RDB), as a redis-server that starts on it says. */
export async function keysHeld(keys: readonly string[], dataFile: string): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  const server = await RedisProcess.prepare([
    ['appendonly', 'no'],
    ['save', '""'],
  ]);
  try {
    await copyFile(dataFile, join(server.directory, 'dump.rdb'));
    await server.launch();
    const missing = new Set(await missingKeys(keys, { host: server.host, port: server.port }));
    return new Set(keys.filter((key) => !missing.has(key)));
  } finally {
    await server.stop();
  }
}
