import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Violation } from '../explore.ts';
import type { Mutant } from './mutants.ts';

export interface Hunt {
  readonly name: string;
  /** The first rule that it was seen to break, and how; nothing: it lives. */
  readonly caught?: Violation;
  /** It could not be built or run, or broke another rule than the one that it is to break. */
  readonly failure?: string;
}

const loader = join(import.meta.dirname, 'load-mutant.ts');
const prey = join(import.meta.dirname, 'prey.ts');

/** Lets the checker look at a planner with this fault built in, in a process of its own. */
export async function huntMutant({ name, breaks }: Mutant): Promise<Hunt> {
  const child = spawn(process.execPath, ['--import', loader, prey], {
    env: { ...process.env, UNDERSTUDY_MUTANT: name },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [told, code] = await Promise.all([
    text(child.stdout),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  if (code !== 0) return { name, failure: `could not be run (exit code ${code})` };
  const found = JSON.parse(told) as Violation[];
  const caught = found.find(({ invariant }) => invariant === breaks);
  if (caught !== undefined) return { name, caught };
  const [other] = found;
  return other === undefined
    ? { name }
    : { name, failure: `is to break ${breaks}, and broke ${other.message}` };
}
