import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The text that is kept under a name. */
export function golden(name: string): string {
  return readFileSync(join(import.meta.dirname, 'golden', `${name}.txt`), 'utf8');
}
