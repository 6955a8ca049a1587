const bars = '▁▂▃▄▅▆▇█';

/** One character a value: its height beside the largest one; a value of 0 is a blank that stands out. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(1, ...values);
  return values
    .map((value) => (value === 0 ? ' ' : (bars[Math.ceil((value / most) * bars.length) - 1] ?? ' ')))
    .join('');
}
