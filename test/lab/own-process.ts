import { readFileSync } from 'node:fs';

/** Whether the process runs with all of these arguments: a pid kept in a file may be another's by now. */
export function runsWith(pid: number, ...wanted: readonly string[]): boolean {
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return wanted.every((arg) => args.includes(arg));
  } catch {
    return false;
  }
}

/** Whether the process still does anything; one that only waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}
