import { z } from 'zod';
import type { Path } from './problem.ts';

/** What the schema says of one field: enough to tell a person what belongs there. */
export interface SchemaField {
  readonly description?: string;
  readonly example?: unknown;
  /** Names that may stand inside, when it is a map with fixed fields. */
  readonly names: readonly string[];
  /** Those of the names that a person would write; the others are Kubernetes's own. */
  readonly namesToShow: readonly string[];
}

type Schema = z.core.$ZodType;

function unwrapped(schema: Schema): Schema {
  const { def } = schema._zod;
  if (
    def.type === 'optional' ||
    def.type === 'default' ||
    def.type === 'prefault' ||
    def.type === 'nullable'
  ) {
    return unwrapped((def as unknown as { innerType: Schema }).innerType);
  }
  return def.type === 'pipe' ? unwrapped((def as unknown as { in: Schema }).in) : schema;
}

function childOf(schema: Schema, key: PropertyKey): Schema | undefined {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodObject) return inner.shape[String(key)];
  if (inner instanceof z.ZodArray) return inner.element;
  return inner instanceof z.ZodRecord ? inner.valueType : undefined;
}

function metaOf(schema: Schema, key: 'description' | 'example' | 'default'): unknown {
  const value =
    key === 'default'
      ? (schema._zod.def as { defaultValue?: unknown }).defaultValue
      : z.globalRegistry.get(schema)?.[key];
  if (value !== undefined) return value;
  const inner = (schema._zod.def as { innerType?: Schema }).innerType;
  return inner === undefined ? undefined : metaOf(inner, key);
}

function exampleOf(schema: Schema): unknown {
  const given = metaOf(schema, 'example') ?? metaOf(schema, 'default');
  const inner = unwrapped(schema);
  return (
    given ??
    (inner instanceof z.ZodLiteral || inner instanceof z.ZodEnum ? [...inner._zod.values][0] : undefined)
  );
}

function namesOf(schema: Schema): Pick<SchemaField, 'names' | 'namesToShow'> {
  if (!(schema instanceof z.ZodObject)) return { names: [], namesToShow: [] };
  const names = Object.keys(schema.shape);
  const described = names.filter((name) => metaOf(schema.shape[name], 'description') !== undefined);
  return { names, namesToShow: described.length > 0 ? described : names };
}

/** The field of the schema that a path leads to, or undefined when it leads out of it. */
export function schemaFieldAt(root: Schema, path: Path): SchemaField | undefined {
  let schema: Schema | undefined = root;
  for (const key of path) {
    if (schema === undefined) return undefined;
    schema = childOf(schema, key);
  }
  if (schema === undefined) return undefined;
  const description = metaOf(schema, 'description');
  const inner = unwrapped(schema);
  return {
    ...(typeof description === 'string' ? { description } : {}),
    example: exampleOf(schema),
    ...namesOf(inner),
  };
}
