/** A group as a person writes it: plain data, valid or not. */
export interface GroupDocument {
  apiVersion: string;
  kind: string;
  metadata: { name: string; annotations: Record<string, string> };
  spec: Record<string, unknown>;
}

const node = (name: string) => ({
  name,
  redis: { host: name, port: 6379 },
  ssh: { host: name, port: 22, user: 'root' },
});

/** Three nodes on machines of their own, with waits that are short enough to be simulated through. */
export function baseDocument(): GroupDocument {
  return {
    apiVersion: 'understudy.dev/v1alpha1',
    kind: 'FailoverGroup',
    metadata: { name: 'fields', annotations: {} },
    spec: {
      primary: 'a',
      nodes: [node('a'), node('b'), node('c')],
      redis: {
        unit: 'redis-server.service',
        config: { maxmemory: '100mb', save: '900 1' },
        auth: { passwordFrom: { file: '/etc/understudy/password' } },
      },
      ssh: {
        privateKeyFrom: { file: '/etc/understudy/key' },
        knownHostsFrom: { file: '/etc/understudy/known_hosts' },
      },
      units: [{ name: 'bot-a.service' }, { name: 'bot-b.service' }],
      failover: {
        mode: 'Automatic',
        unreachableAfterSeconds: 3,
        stoppedGraceSeconds: 2,
        maxLagBytes: 1000,
        cooldownSeconds: 5,
        fencing: 'Required',
        leaseSeconds: 5,
      },
      switchover: { catchUpTimeoutSeconds: 10 },
      failback: { policy: 'Manual', stableSeconds: 10 },
      paused: false,
    },
  };
}
