import Table from 'cli-table3';

/** A bench's result as a person reads it: a row per contender, percentiles as `p50 / p99`. */
export function resultTable(result: { contenders: Readonly<Record<string, object>> }): string {
  const rows = Object.entries(result.contenders);
  const columns = [...new Set(rows.flatMap(([, summary]) => Object.keys(summary)))];
  const table = new Table({ head: ['contender', ...columns], style: { head: [], border: [] } });
  for (const [name, summary] of rows) {
    const cells = new Map<string, unknown>(Object.entries(summary));
    table.push([name, ...columns.map((column) => cell(cells.get(column)))]);
  }
  return table.toString();
}

function cell(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'p50' in value && 'p99' in value) {
    return `${value.p50} / ${value.p99}`;
  }
  return typeof value === 'number' ? value.toLocaleString('en') : String(value ?? '');
}
