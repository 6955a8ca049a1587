/** p50 and p99 of the values. */
export interface Percentiles {
  p50: number;
  p99: number;
}

/**
 * The nearest-rank percentile: the smallest value that at least `percent` % of the values do not exceed, so always a
 * value that was measured; p99 of fewer than 100 values is the greatest. Throws without values.
 */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (value === undefined) throw new Error('no values to take a percentile of');
  return value;
}

/** Rounded to a hundredth. */
export function percentiles(values: readonly number[]): Percentiles {
  return { p50: hundredths(percentile(values, 50)), p99: hundredths(percentile(values, 99)) };
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
