import { mutants } from '../model/mutants/mutants.ts';

/** The faults that the checker is held to, with the files that they are in. */
export function mutantRows(): string {
  const rows = mutants.map(
    ({ name, edits }) => `| ${name} | ${[...new Set(edits.map(({ file }) => `\`${file}\``))].join(', ')} |`,
  );
  return ['| fault | in |', '|---|---|', ...rows].join('\n');
}
