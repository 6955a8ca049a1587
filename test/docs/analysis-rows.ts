import { analysisTable } from '../../reconcilers/analysis.ts';

const listed = (words: readonly string[] | 'any'): string => (words === 'any' ? 'any' : words.join(', '));

/** The table of evidence as the planner has it, first row that fits first. */
export function analysisRows(): string {
  const head = ['| reason | port | host | links | verdict | fence |', '|---|---|---|---|---|---|'];
  const rows = analysisTable.map(({ reason, port, host, links, only, verdict, after, until, fence }) => {
    const conditions = [
      verdict,
      ...(only === undefined ? [] : [`only if ${only}`]),
      ...(after === undefined ? [] : [`after \`${after}\``]),
      ...(until === undefined ? [] : [`until \`${until}\``]),
    ];
    return `| ${reason} | ${listed(port)} | ${listed(host)} | ${listed(links)} | ${conditions.join(', ')} | ${verdict === 'dead' ? (fence ?? 'none') : '–'} |`;
  });
  return [...head, ...rows].join('\n');
}
