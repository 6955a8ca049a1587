import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

export interface SourceFile {
  /** From the repository's root: `reconcilers/plan.ts`. */
  readonly path: string;
  readonly text: string;
  /** Code alone: comments and the contents of strings are blanked. */
  readonly code: string;
  readonly imports: readonly string[];
}

/** Every TypeScript file below a top-level folder. */
export function sourcesOf(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => read(join(entry.parentPath, entry.name)));
}

function read(file: string): SourceFile {
  const text = readFileSync(file, 'utf8');
  const imports = [
    ...text.matchAll(/^(?:import|export)\b[^'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/gm),
  ];
  return {
    path: relative(root, file),
    text,
    code: blank(text),
    imports: imports.map((match) => match[1] ?? match[2] ?? ''),
  };
}

function blank(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, '');
}
