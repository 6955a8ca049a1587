import { z } from 'zod';
import { absolutePath, dnsSubdomain } from './field-formats.ts';
import { checkAcross, valueAt } from './partial-check.ts';

const kinds = ['secret', 'file', 'env'] as const;

const fields = z.strictObject({
  secret: z
    .strictObject({
      name: dnsSubdomain
        .describe('Name of the Secret, in the namespace of the group.')
        .meta({ example: 'redis-auth' }),
      key: z
        .string()
        .max(253)
        .regex(/^[-._a-zA-Z0-9]+$/, 'must be a key of a Secret: letters, digits and - _ . only')
        .describe('Key in the data of the Secret.')
        .meta({ example: 'password' }),
    })
    .optional()
    .describe('A key of a Kubernetes Secret.'),
  file: absolutePath
    .optional()
    .describe('Absolute path of a file on the machine of the controller; one trailing newline is cut off.'),
  env: z
    .string()
    .max(255)
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
    .optional()
    .describe('Name of an environment variable of the controller.'),
});

/** Where a secret comes from. The value itself never stands in the resource. */
export const secretSource = checkAcross(fields, (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const given = kinds.filter((kind) => valueAt(value, kind) !== undefined);
  if (given.length === 1) return [];
  const found = given.length === 0 ? 'none of them is given' : `${given.join(' and ')} are given`;
  return [{ path: [], message: `must have exactly one of secret, file and env, but ${found}` }];
}).meta({
  example: { secret: { name: 'redis-auth', key: 'password' } },
  'x-kubernetes-validations': [
    {
      rule: '(has(self.secret) ? 1 : 0) + (has(self.file) ? 1 : 0) + (has(self.env) ? 1 : 0) == 1',
      message: 'exactly one of secret, file and env must be given',
    },
  ],
});

export type SecretSource = z.infer<typeof secretSource>;
