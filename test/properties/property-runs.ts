import type fc from 'fast-check';

/** The same cases in every run, so that a red test is about the change; other seeds are for hunting. */
const usualSeed = 20261122;

/**
 * At least 5,000 runs a property; UNDERSTUDY_PROPERTY_RUNS raises it, UNDERSTUDY_PROPERTY_SEED=random (or a number)
 * tries other cases. A failure prints seed and path.
 */
export function propertyRuns(): fc.Parameters<unknown> {
  const wished = Number(process.env.UNDERSTUDY_PROPERTY_RUNS ?? 0);
  const seed = process.env.UNDERSTUDY_PROPERTY_SEED;
  return {
    numRuns: Math.max(5_000, Number.isFinite(wished) ? wished : 0),
    ...(seed === 'random' ? {} : { seed: Number(seed ?? usualSeed) }),
    ...(process.env.UNDERSTUDY_PROPERTY_PATH === undefined
      ? {}
      : { path: process.env.UNDERSTUDY_PROPERTY_PATH }),
  };
}
