/**
 * Milliseconds on CLOCK_MONOTONIC, which Linux counts from boot for all processes alike: times taken in the writer
 * process and in its parent on one machine can be compared and subtracted. Never across machines.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
