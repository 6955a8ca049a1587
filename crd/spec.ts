import { z } from 'zod';
import { dnsLabel, unitName } from './field-formats.ts';
import { nodeSpec } from './node-spec.ts';
import { checkAcross } from './partial-check.ts';
import { failbackSpec, failoverSpec, switchoverSpec } from './policy-spec.ts';
import { redisSpec } from './redis-spec.ts';
import { secretSource } from './secret-source.ts';
import { specFaults } from './spec-checks.ts';

const specFields = z.strictObject({
  primary: dnsLabel
    .describe('Name of the node that should be primary. A request: edit it to switch over.')
    .meta({ example: 'ct100' }),
  nodes: z
    .array(nodeSpec)
    .min(2)
    .max(16)
    .describe('The Redis nodes of the group, at least two.')
    .meta({ example: [{ name: 'ct100', redis: { host: '10.92.3.27' } }] }),
  redis: redisSpec.prefault({}).describe('What holds for the Redis of every node.'),
  ssh: z
    .strictObject({
      privateKeyFrom: secretSource.describe(
        'Where the private key comes from (OpenSSH or PEM, without a passphrase).',
      ),
      knownHostsFrom: secretSource.describe(
        'Where the known_hosts lines come from; a host not among them is refused.',
      ),
    })
    .optional()
    .describe('How the controller logs in to hosts by SSH; needed as soon as a node has ssh or fence.'),
  units: z
    .array(
      z.strictObject({
        name: unitName
          .describe('Name of the systemd unit, with .service.')
          .meta({ example: 'quantshift-equity.service' }),
      }),
    )
    .max(64)
    .default([])
    .describe(
      'Units that may run only beside the primary, never on two nodes at once; started in this order. One that is taken off the list is left as it is: running, if it runs.',
    ),
  failover: failoverSpec.prefault({}).describe('When and how to fail over.'),
  switchover: switchoverSpec.prefault({}).describe('How to switch over on request.'),
  failback: failbackSpec.prefault({}).describe('Whether to move back after a failover.'),
  paused: z.boolean().default(false).describe('Observe and report, touch nothing.'),
});

const uniqueBy = (what: string): string => `self.nodes.all(n, self.nodes.exists_one(m, ${what}))`;

/** The whole of a FailoverGroup that people write. */
export const specSchema = checkAcross(specFields, specFaults).meta({
  'x-kubernetes-validations': [
    {
      rule: 'self.nodes.exists(n, n.name == self.primary)',
      message: 'primary must be the name of one of the nodes',
    },
    { rule: uniqueBy('m.name == n.name'), message: 'node names must differ' },
    {
      rule: uniqueBy('m.redis.host == n.redis.host && m.redis.port == n.redis.port'),
      message: 'every node has its own Redis: redis host and port must differ',
    },
    {
      rule: 'self.nodes.all(n, !has(n.ssh) || self.nodes.exists_one(m, has(m.ssh) && m.ssh.host == n.ssh.host && m.ssh.port == n.ssh.port))',
      message: 'ssh host and port must differ from node to node',
    },
    {
      rule: 'size(self.units) == 0 || self.nodes.all(n, has(n.ssh) || has(n.local))',
      message: 'units need a host on every node: give each node ssh or local',
    },
    {
      rule: 'self.units.all(u, u.name != self.redis.unit)',
      message: 'the unit of Redis itself cannot be a unit of the group',
    },
    {
      rule: 'has(self.ssh) || !self.nodes.exists(n, has(n.ssh) || has(n.fence))',
      message: 'ssh {privateKeyFrom, knownHostsFrom} is needed when a node has ssh or fence',
    },
  ],
});

export type FailoverGroupSpec = z.infer<typeof specSchema>;
