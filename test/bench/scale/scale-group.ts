import type { FailoverGroup } from '../../../crd/failover-group.ts';

export const botUnits = ['bot-equity.service', 'bot-crypto.service'];
export const redisUnit = 'redis-server.service';
export const secretName = 'redis-auth';

export const groupName = (pair: number): string => `group-${String(pair).padStart(4, '0')}`;

/** The number of the pair that a group was made from. */
export const pairOf = (group: string): number => Number(group.slice('group-'.length));

/** The document of one group as a user would write it; its nodes' hosts are played in the controller's process. */
export function scaleGroup(pair: number, namespace: string, ports: readonly [number, number]): object {
  const node = (name: string, port: number) => ({
    name,
    redis: { host: '127.0.0.1', port },
    ssh: { host: `${groupName(pair)}-${name}.invalid`, user: 'root' },
  });
  const source = (key: string) => ({ secret: { name: secretName, key } });
  return {
    apiVersion: 'understudy.dev/v1alpha1',
    kind: 'FailoverGroup' satisfies FailoverGroup['kind'],
    metadata: { name: groupName(pair), namespace },
    spec: {
      primary: 'a',
      nodes: [node('a', ports[0]), node('b', ports[1])],
      redis: {
        auth: { passwordFrom: source('password') },
        unit: redisUnit,
        config: { maxmemory: '512mb', 'maxmemory-policy': 'allkeys-lru', save: '900 1' },
      },
      ssh: { privateKeyFrom: source('privateKey'), knownHostsFrom: source('knownHosts') },
      units: botUnits.map((name) => ({ name })),
    },
  };
}
