import { mutants } from '../model/mutants/mutants.ts';

/** The faults that the checker is held to, with the files that they are in and the rule that catches each. */
export function mutantRows(): string {
  const rows = mutants.map(
    ({ name, edits, breaks }) =>
      `| ${name} | ${[...new Set(edits.map(({ file }) => `\`${file}\``))].join(', ')} | ${breaks} |`,
  );
  return ['| fault | in | caught by |', '|---|---|---|', ...rows].join('\n');
}
