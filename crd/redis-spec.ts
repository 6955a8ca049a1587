import { z } from 'zod';
import { plainLine, plainLineOrInteger, unitName } from './field-formats.ts';
import { checkAcross, type Fault } from './partial-check.ts';
import { secretSource } from './secret-source.ts';

const role = 'the controller moves the primary with it';
const password = 'it comes from spec.redis.auth';
const safety = 'the controller switches it as the replicas come and go';
const place = 'it belongs to the machine, not to the group';

/** Settings that the controller owns or that belong to one machine, and why none may be set for the group. */
const ownedSettings: Readonly<Record<string, string>> = {
  replicaof: role,
  slaveof: role,
  requirepass: password,
  masterauth: password,
  masteruser: 'it comes from spec.redis.auth.username',
  'min-replicas-to-write': safety,
  'min-slaves-to-write': safety,
  'min-replicas-max-lag': safety,
  'min-slaves-max-lag': safety,
  'repl-ping-replica-period': 'the controller keeps it at 1 so that silence is noticed',
  'repl-ping-slave-period': 'the controller keeps it at 1 so that silence is noticed',
  dir: place,
  dbfilename: place,
  port: 'it comes from spec.nodes[].redis.port',
  bind: place,
};

const maxSettings = 64;
const settingName = /^[a-z][a-z0-9-]*$/;
const settingValue = z
  .union([plainLine, z.number(), z.boolean()])
  // Redis spells booleans yes and no, and YAML 1.1 readers turn yes and no into booleans.
  .transform((value, context) => {
    if (typeof value === 'boolean') return value ? 'yes' : 'no';
    if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
      context.addIssue({
        code: 'custom',
        message: 'is too large to be read exactly as a number: put it in quotes',
      });
    }
    return String(value);
  })
  .meta(plainLineOrInteger);

function settingFaults(config: unknown): readonly Fault[] {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return [];
  const names = Object.keys(config);
  if (names.length > maxSettings)
    return [{ path: [], message: `must have at most ${maxSettings} settings, but has ${names.length}` }];
  return names.flatMap((name): Fault[] => {
    const owner = Object.hasOwn(ownedSettings, name.toLowerCase())
      ? ownedSettings[name.toLowerCase()]
      : undefined;
    if (owner !== undefined) return [{ path: [name], message: `may not be set here: ${owner}; take it out` }];
    return settingName.test(name)
      ? []
      : [{ path: [name], message: 'is no name of a Redis setting: lower-case letters, digits and hyphens' }];
  });
}

const config = checkAcross(z.record(z.string(), settingValue), settingFaults).meta({
  maxProperties: maxSettings,
  'x-kubernetes-validations': [
    {
      rule: `self.all(k, k.matches('${settingName.source}'))`,
      message: 'names of Redis settings are lower-case letters, digits and hyphens',
    },
    {
      rule: `self.all(k, !(k in [${Object.keys(ownedSettings)
        .map((name) => `'${name}'`)
        .join(', ')}]))`,
      message:
        'a setting that the controller owns (role, passwords, min-replicas, files, addresses) cannot be set',
    },
  ],
});

/** What holds for the Redis of every node. */
export const redisSpec = z.strictObject({
  auth: z
    .strictObject({
      username: z
        .string()
        .max(255)
        .regex(/^[^\s'"\\]+$/, 'must be an ACL user name, without spaces, quotes or backslashes')
        .optional()
        .describe('ACL user of the controller and of the replicas; without it, the default user.'),
      passwordFrom: secretSource.describe(
        'Where the password comes from; the same on every node. When it changes, the nodes are set to it.',
      ),
      formerPasswordFrom: secretSource
        .optional()
        .describe(
          'The password before it, for nodes that do not take the new one yet; only needed in a rotation.',
        ),
    })
    .optional()
    .describe('How to log in to Redis; without it, Redis has no password.'),
  unit: unitName
    .default('redis-server.service')
    .describe('The systemd unit of Redis itself, the same on every node.'),
  config: config
    .prefault({})
    .describe(
      'Redis settings that the controller keeps on every node, by name. Values are texts or whole numbers; quote yes, no and fractions.',
    ),
  tls: z
    .strictObject({
      caFrom: secretSource
        .optional()
        .describe(
          'Where the certificate of the authority comes from (PEM); without it, the authorities of the system.',
        ),
      serverName: z
        .string()
        .max(253)
        .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/, 'must be a host name')
        .optional()
        .describe('Name that the certificates are issued for, when that is not the host of the node.'),
    })
    .optional()
    .describe('Connect to Redis by TLS.'),
});
