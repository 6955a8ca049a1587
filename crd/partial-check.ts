import { z } from 'zod';

/** A rule that spans fields was broken: where (relative to the value checked), what is so, what would be right. */
export interface Fault {
  readonly path: (string | number)[];
  readonly message: string;
  readonly suggestion?: string;
}

/**
 * A check over several fields that also runs when some field of the value is itself wrong, so that every
 * problem of a file is told at once. `find` therefore gets a value of any shape and looks with care.
 */
export function checkAcross<T extends z.ZodType>(schema: T, find: (value: unknown) => readonly Fault[]): T {
  const check = z.superRefine(
    (value: unknown, context) => {
      for (const { path, message, suggestion } of find(value)) {
        context.addIssue({
          code: 'custom',
          path,
          message,
          input: value,
          params: suggestion === undefined ? {} : { suggestion },
        });
      }
    },
    { when: () => true },
  );
  return schema.check(check) as T;
}

/** The value at a path inside a document of unknown shape, or undefined. */
export function valueAt(value: unknown, ...path: readonly PropertyKey[]): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Record<PropertyKey, unknown>)[key];
  }
  return here;
}

/** The list at a path inside a document of unknown shape; empty when there is none. */
export function listAt(value: unknown, ...path: readonly PropertyKey[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}
