import { z } from 'zod';
import { dnsLabel, dnsSubdomain } from './field-formats.ts';
import { specSchema } from './spec.ts';
import { statusSchema } from './status.ts';

export const apiGroup = 'understudy.dev';
const apiVersion = `${apiGroup}/v1alpha1`;
export const kind = 'FailoverGroup';

const textMap = z.record(z.string(), z.string());

/** What Kubernetes itself keeps in metadata is let through as it is; anything else there is a mistake. */
const metadataSchema = z.strictObject({
  name: dnsSubdomain.describe('Name of the group.').meta({ example: 'quantshift' }),
  namespace: dnsLabel.optional().describe('Namespace, in Kubernetes.'),
  labels: textMap.optional().describe('Labels, as in any Kubernetes object.'),
  annotations: textMap.optional().describe('Annotations; understudy.dev/… are orders to the controller.'),
  generation: z.int().min(0).optional(),
  resourceVersion: z.string().optional(),
  uid: z.string().optional(),
  generateName: z.string().optional(),
  creationTimestamp: z.string().nullish(),
  deletionTimestamp: z.string().nullish(),
  deletionGracePeriodSeconds: z.int().optional(),
  finalizers: z.array(z.string()).optional(),
  ownerReferences: z.array(z.unknown()).optional(),
  managedFields: z.array(z.unknown()).optional(),
  selfLink: z.string().optional(),
});

/** The whole resource, as it stands in a file or comes from the Kubernetes API. */
export const failoverGroupSchema = z.strictObject({
  apiVersion: z.literal(apiVersion).describe('Version of the schema of this object.'),
  kind: z.literal(kind).describe('Kind of this object.'),
  metadata: metadataSchema
    .describe('Name and annotations of the group.')
    .meta({ example: { name: 'quantshift' } }),
  spec: specSchema.describe('What is wanted. The controller never writes it.').meta({
    example: { primary: 'ct100', nodes: ['…'] },
  }),
  status: statusSchema.optional().describe('What is so. Only the controller writes it.'),
});

export type FailoverGroup = z.infer<typeof failoverGroupSchema>;
export type { NodeSpec } from './node-spec.ts';
export type { SecretSource } from './secret-source.ts';
export type { FailoverGroupSpec } from './spec.ts';
