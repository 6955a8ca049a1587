/** Milliseconds for people: `0 ms`, `7.4 ms`, `143 ms`, `2.31 s`. */
export function formatMs(milliseconds: number): string {
  if (milliseconds === 0) return '0 ms';
  if (milliseconds < 20) return `${milliseconds.toFixed(1)} ms`;
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(2)} s`;
}
