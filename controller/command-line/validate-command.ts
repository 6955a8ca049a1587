import { resolve } from 'node:path';
import { ExitCode } from './exit-code.ts';
import { problemLines, readDocuments } from './group-document.ts';
import type { OutputOptions } from './outcome.ts';
import { printOutcome } from './outcome.ts';
import type { Terminal } from './terminal.ts';

/** Tells every problem of a file, or of all files of a folder. Looks at no node. */
export async function validateCommand(
  terminal: Terminal,
  options: OutputOptions & { readonly file: string },
): Promise<ExitCode> {
  const path = resolve(options.file);
  const { documents } = await readDocuments(path);
  const lines = problemLines(documents);
  const groups = documents.flatMap(({ parsed }) => (parsed.ok ? [parsed.group.metadata.name] : []));
  const problems = documents.flatMap(({ parsed }) => (parsed.ok ? [] : parsed.problems));
  if (lines.length > 0 || groups.length === 0) {
    const text = lines.length > 0 ? lines.join('\n') : `${path} holds no YAML file with a group.`;
    return printOutcome(terminal, options, { code: ExitCode.badInput, text, document: { groups, problems } });
  }
  const text = `${path}: valid (${groups.join(', ')}).`;
  return printOutcome(terminal, options, { code: ExitCode.done, text, document: { groups, problems } });
}
