import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const DOWNLOADED = join(import.meta.dirname, '../../.cache/bin/redis-server');

/** The redis-server to run: the one on PATH, else the one deploy/bootstrap.sh fetched. Throws if neither exists. */
export function redisBinary(): string {
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'redis-server'));
  const found = [...onPath, DOWNLOADED].find(executable);
  if (found === undefined)
    throw new Error('no redis-server on PATH or in .cache/bin: run deploy/bootstrap.sh redis');
  return found;
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
