import type fc from 'fast-check';

/** At least 5,000 runs a property; UNDERSTUDY_PROPERTY_RUNS raises it. A failure prints seed and path. */
export function propertyRuns(): fc.Parameters<unknown> {
  const wished = Number(process.env.UNDERSTUDY_PROPERTY_RUNS ?? 0);
  const seed = process.env.UNDERSTUDY_PROPERTY_SEED;
  return {
    numRuns: Math.max(5_000, Number.isFinite(wished) ? wished : 0),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(process.env.UNDERSTUDY_PROPERTY_PATH === undefined
      ? {}
      : { path: process.env.UNDERSTUDY_PROPERTY_PATH }),
  };
}
