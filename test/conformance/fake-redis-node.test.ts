import { FakeRedisNode } from '../fakes/fake-redis-node.ts';
import { type FakeRedisServer, FakeRedisWorld } from '../fakes/fake-redis-server.ts';
import { redisNodeConformance, type StagedServer } from './redis-node.suite.ts';

redisNodeConformance('fake Redis', async () => {
  const world = new FakeRedisWorld();
  const { primary, replica } = world.pair();
  const nodes: FakeRedisNode[] = [];
  const staged = (server: FakeRedisServer): StagedServer => ({
    endpoint: server.endpoint,
    node: () => {
      const node = new FakeRedisNode(world, server, ['maxmemory']);
      nodes.push(node);
      return node;
    },
    write: () => server.write(),
    cutConnections: async () => server.endClients(() => true),
    kill: async () => server.kill(),
    hang: async () => {
      server.state = 'hung';
    },
    wake: async () => {
      server.state = 'up';
    },
    startLoading: async () => {
      server.kill();
      server.restart();
      server.state = 'loading';
      return async () => {
        server.state = 'up';
      };
    },
    changePassword: async () => {
      server.state = 'unauthorised';
    },
    spoilReplicationLogin: async () => {
      server.replicationLogin = 'wrong';
    },
  });
  return {
    primary: staged(primary),
    replica: staged(replica),
    inSync: async () => world.replicate(),
    withoutConfigFile: async () => {
      const bare = world.add();
      bare.hasConfigFile = false;
      return staged(bare);
    },
    secrets: [],
    strike: async () => {
      for (const node of nodes) node.close();
    },
  };
});
