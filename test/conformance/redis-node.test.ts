import { randomBytes } from 'node:crypto';
import { RedisNode } from '../../controller/redis/redis-node.ts';
import { Secret } from '../../controller/secret.ts';
import { startBareRedis } from '../redis/bare-redis.ts';
import { startPair, untilLinked } from '../redis/redis-pair.ts';
import type { RedisServer } from '../redis/redis-server.ts';
import { until } from '../redis/until.ts';
import { redisNodeConformance, type StagedServer } from './redis-node.suite.ts';

const group = 'understudy:conformance';
/** 20 ms for each key: 50 keys load for a second, and connections are served every few keys. */
const slowLoad = { 'key-load-delay': '20000', 'loading-process-events-interval-bytes': '1024' };

redisNodeConformance('real Redis', async () => {
  const pair = await startPair({ settings: slowLoad });
  const nodes: RedisNode[] = [];
  const stops: (() => Promise<void>)[] = [() => pair.stop()];
  const connect = (address: { host: string; port: number; password?: string }) => {
    const { host, port, password } = address;
    const node = new RedisNode({
      host,
      port,
      ...(password !== undefined && { password: new Secret(password) }),
      managedSettings: ['maxmemory'],
      connectionName: group,
    });
    nodes.push(node);
    return node;
  };
  const [primary, replica] = [pair.primary, pair.replica].map((server) => staged(server, connect));
  if (primary === undefined || replica === undefined) throw new Error('a pair has two servers');
  return {
    primary,
    replica,
    inSync: () => inSync([pair.primary, pair.replica]),
    withoutConfigFile: async () => {
      const bare = await startBareRedis();
      stops.push(bare.stop);
      const never = () => Promise.reject(new Error('not for a bare server'));
      return {
        ...primary,
        endpoint: bare.endpoint,
        node: () => connect(bare.endpoint),
        write: never,
        kill: never,
      };
    },
    secrets: [pair.primary.password],
    strike: async () => {
      for (const node of nodes) node.close();
      await Promise.all(stops.map((stop) => stop()));
    },
  };
});

function staged(server: RedisServer, connect: (address: RedisServer['address']) => RedisNode): StagedServer {
  return {
    endpoint: { host: server.host, port: server.port },
    node: () => connect(server.address),
    write: async () => {
      const client = await server.admin();
      return client.incr('written').then(
        () => 'written' as const,
        () => 'refused' as const,
      );
    },
    cutConnections: async () => {
      const admin = await server.admin();
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    },
    kill: () => server.kill(),
    hang: () => server.kill('SIGSTOP'),
    wake: () => server.kill('SIGCONT'),
    startLoading: async () => {
      const admin = await server.admin();
      for (let key = 0; key < 50; key += 1) await admin.set(`key:${key}`, randomBytes(512));
      // The child that sent the replica its copy may not have ended yet.
      await until('a snapshot', () => admin.save().then(Boolean, () => false));
      await server.kill();
      const restarted = server.restart();
      return () => restarted;
    },
    changePassword: async () => {
      const admin = await server.admin();
      await admin.config('SET', 'requirepass', 'another');
    },
    spoilReplicationLogin: async () => {
      const admin = await server.admin();
      await admin.config('SET', 'masterauth', 'spoilt');
    },
  };
}

/** The replica has every byte, whichever of the two it is now. */
async function inSync(servers: readonly RedisServer[]): Promise<void> {
  const admins = await Promise.all(servers.map((server) => server.admin()));
  const roles = await Promise.all(admins.map(async (admin) => String((await admin.role())[0])));
  const follower = servers[roles.indexOf('slave')];
  const leader = admins[roles.indexOf('master')];
  if (follower === undefined || leader === undefined) throw new Error(`no pair: ${roles.join(', ')}`);
  await untilLinked(follower);
  await until('the replica to have everything', async () => {
    const pair = await Promise.all(admins.map(async (admin) => (await admin.role()) as unknown[]));
    const offsets = pair.map((role) => Number(role[0] === 'master' ? role[1] : role[4]));
    return offsets[0] === offsets[1];
  });
}
