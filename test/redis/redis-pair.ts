import { info } from './info.ts';
import { RedisServer, type RedisServerOptions } from './redis-server.ts';
import { until } from './until.ts';

/** A primary and its replica, in sync. The names say who was what at the start, not later. */
export interface RedisPair {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  stop(): Promise<void>;
}

/** Starts both with one password and resolves when the replica's link is up. */
export async function startPair(options: RedisServerOptions = {}): Promise<RedisPair> {
  const primary = await RedisServer.start(options);
  const admin = await primary.admin();
  // Only the first sync is hurried, at run time: the config file keeps Redis's default of 5 s for later ones.
  await admin.config('SET', 'repl-diskless-sync-delay', '0');
  const replica = await RedisServer.start({
    ...options,
    password: primary.password,
    replicaOf: primary.address,
  });
  await untilLinked(replica);
  await admin.config('SET', 'repl-diskless-sync-delay', '5');
  admin.disconnect();
  return {
    primary,
    replica,
    stop: async () => {
      await Promise.all([primary.stop(), replica.stop()]);
    },
  };
}

/** Resolves when the server is a replica whose link is up. */
export async function untilLinked(replica: RedisServer): Promise<void> {
  const admin = await replica.admin();
  try {
    await until(`the link of the replica on ${replica.port}`, async () => {
      const seen = await info(admin, 'replication');
      return seen.master_link_status === 'up' && seen.master_sync_in_progress === '0';
    });
  } finally {
    admin.disconnect();
  }
}
