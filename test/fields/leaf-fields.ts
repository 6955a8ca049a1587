import { z } from 'zod';

type Schema = z.core.$ZodType;

/** Optional, default, prefault, nullable and pipe stand around what is meant. */
function unwrapped(schema: Schema): Schema {
  const def = schema._zod.def as { type: string; innerType?: Schema; in?: Schema };
  if (def.innerType !== undefined) return unwrapped(def.innerType);
  return def.type === 'pipe' && def.in !== undefined ? unwrapped(def.in) : schema;
}

/** Every leaf below a schema, such as `nodes[].redis.port` or `redis.config.*`. */
export function leafFields(schema: Schema, path = ''): string[] {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape).flatMap(([name, child]) =>
      leafFields(child as Schema, path === '' ? name : `${path}.${name}`),
    );
  }
  if (inner instanceof z.ZodArray) return leafFields(inner.element, `${path}[]`);
  return [inner instanceof z.ZodRecord ? `${path}.*` : path];
}
