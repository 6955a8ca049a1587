import { join } from 'node:path';
import type { RedisPair } from '../../redis/redis-pair.ts';

/** The names of the pair's nodes in the group: `pair.primary` is a, `pair.replica` is b. */
export type NodeName = 'a' | 'b';

/** Where a bench's group keeps its things, and the units that it has there. */
export interface GroupGround {
  readonly folder: string;
  readonly passwordFile: string;
  readonly units: readonly string[];
}

/**
 * A FailoverGroup for a pair on this machine. The hosts know no unit that runs Redis: they say nothing of it, and
 * serve to keep a copy of diverged data, and the units where there are some.
 */
export function groupDocument(pair: RedisPair, { folder, passwordFile, units }: GroupGround): object {
  const node = (name: NodeName, { host, port }: { host: string; port: number }) => ({
    name,
    redis: { host, port },
    local: { directory: join(folder, name) },
  });
  return {
    apiVersion: 'understudy.dev/v1alpha1',
    kind: 'FailoverGroup',
    metadata: { name: 'group' },
    spec: {
      primary: 'a' satisfies NodeName,
      nodes: [node('a', pair.primary), node('b', pair.replica)],
      redis: { auth: { passwordFrom: { file: passwordFile } } },
      units: units.map((unit) => ({ name: unit })),
      failover: { fencing: 'BestEffort', cooldownSeconds: 0, leaseSeconds: 0 },
    },
  };
}
