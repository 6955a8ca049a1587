import { z } from 'zod';
import { apiGroup, failoverGroupSchema, kind } from './failover-group.ts';
import { specSchema } from './spec.ts';
import { statusSchema } from './status.ts';

type Node = { [key: string]: unknown };

/** Lists that are maps keyed by one field, by the path of names that leads to them. */
const listKeys: Readonly<Record<string, string>> = {
  'spec.nodes': 'name',
  'spec.units': 'name',
  'status.conditions': 'type',
  'status.nodes': 'name',
  'status.nodes.units': 'name',
};

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function integerFormat(node: Node): Node {
  const { minimum, maximum } = node;
  const unbounded = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER;
  const { maximum: _maximum, minimum: _minimum, ...rest } = node;
  return {
    ...rest,
    format: unbounded || Number(maximum) > 2 ** 31 - 1 ? 'int64' : 'int32',
    ...(minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? {} : { minimum }),
    ...(unbounded ? {} : { maximum }),
  };
}

/** Kubernetes counts only some keywords of JSON Schema as structural; the others go, the rest is put in its words. */
function structural(node: Node, path: readonly string[]): Node {
  const { additionalProperties, propertyNames: _names, example: _example, ...kept } = node;
  if (kept['x-kubernetes-int-or-string'] === true) {
    const { maxLength, pattern } = kept;
    return { 'x-kubernetes-int-or-string': true, maxLength, pattern };
  }
  for (const word of ['anyOf', 'oneOf', 'allOf', '$ref', 'const']) {
    if (word in kept) throw new Error(`${path.join('.')}: ${word} is not structural`);
  }
  const result = kept.type === 'integer' ? integerFormat(kept) : kept;
  if (isNode(result.properties)) {
    result.properties = Object.fromEntries(
      Object.entries(result.properties).map(([name, child]) => [
        name,
        structural(child as Node, [...path, name]),
      ]),
    );
  }
  if (isNode(result.items)) result.items = structural(result.items, path);
  if (isNode(additionalProperties) && Object.keys(additionalProperties).length > 0) {
    result.additionalProperties = structural(additionalProperties, path);
  }
  const key = listKeys[path.join('.')];
  if (key !== undefined && result.type === 'array') {
    Object.assign(result, { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] });
  }
  return result;
}

/** The words of a schema in the order in which people read them, whatever order the generator had. */
const wordOrder = ['description', 'type', 'format', 'default', 'enum', 'required', 'properties', 'items'];

function ordered(value: unknown, inProperties = false): unknown {
  if (Array.isArray(value)) return value.map((item) => ordered(item));
  if (!isNode(value)) return value;
  const rank = (word: string): number =>
    wordOrder.includes(word) ? wordOrder.indexOf(word) : wordOrder.length;
  const names = Object.keys(value);
  if (!inProperties) names.sort((a, b) => rank(a) - rank(b));
  return Object.fromEntries(
    names.map((name) => [
      name,
      name === 'default' ? value[name] : ordered(value[name], name === 'properties' && !inProperties),
    ]),
  );
}

function schemaOf(schema: z.ZodType, name: string): unknown {
  const json = z.toJSONSchema(schema, { io: 'input', target: 'openapi-3.0', reused: 'inline' });
  return ordered(structural(json as Node, [name]));
}

const printerColumns = [
  {
    name: 'Primary',
    type: 'string',
    jsonPath: '.status.currentPrimary',
    description: 'Node that is primary now',
  },
  {
    name: 'Requested',
    type: 'string',
    jsonPath: '.spec.primary',
    description: 'Node that should be primary',
  },
  {
    name: 'Ready',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].status',
    description: 'Whether all is as it should be',
  },
  {
    name: 'Lag',
    type: 'integer',
    jsonPath: '.status.replicaLagBytes',
    description:
      'Bytes that the slowest replica is behind: 0 up to maxLagBytes, the order of magnitude beyond',
  },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
];

/** The CustomResourceDefinition, generated from the schema that also parses: for Kubernetes 1.20 and newer. */
export function customResourceDefinition(): unknown {
  const { shape } = failoverGroupSchema;
  const described = (field: z.ZodType): string => z.globalRegistry.get(field)?.description ?? '';
  const version = {
    name: 'v1alpha1',
    served: true,
    storage: true,
    subresources: { status: {} },
    additionalPrinterColumns: printerColumns,
    schema: {
      openAPIV3Schema: {
        description: 'A FailoverGroup keeps one Redis primary on stage and its standby ready.',
        type: 'object',
        required: ['spec'],
        properties: {
          apiVersion: { description: described(shape.apiVersion), type: 'string' },
          kind: { description: described(shape.kind), type: 'string' },
          metadata: { type: 'object' },
          spec: schemaOf(specSchema.describe(described(shape.spec)), 'spec'),
          status: schemaOf(statusSchema.describe(described(shape.status)), 'status'),
        },
      },
    },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `failovergroups.${apiGroup}` },
    spec: {
      group: apiGroup,
      names: {
        kind,
        listKind: `${kind}List`,
        plural: 'failovergroups',
        singular: 'failovergroup',
        shortNames: ['fg'],
        categories: ['understudy'],
      },
      scope: 'Namespaced',
      versions: [version],
    },
  };
}
