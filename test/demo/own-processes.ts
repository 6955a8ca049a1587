import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** The processes that have a path inside the folder among their arguments, this one excepted. Reads /proc. */
export function processesOf(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(
      (pid) => pid !== process.pid && argumentsOf(pid).some((argument) => argument.includes(`${folder}/`)),
    );
}

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // gone meanwhile
  }
}

/** SIGKILLs them all, at once: for the last moment of a process, in which nothing can be awaited. */
export function killProcessesOf(folder: string): void {
  // More than once: what is killed last may have started something since the list was made.
  for (let round = 0; round < 5; round += 1) {
    const pids = processesOf(folder);
    if (pids.length === 0) return;
    for (const pid of pids) signal(pid, 'SIGKILL');
  }
}

/** Asks them all to end, and SIGKILLs those that have not after `graceMs`. */
export async function endProcessesOf(folder: string, graceMs: number): Promise<void> {
  for (const pid of processesOf(folder)) signal(pid, 'SIGTERM');
  const deadline = performance.now() + graceMs;
  while (processesOf(folder).length > 0 && performance.now() < deadline) await delay(20);
  killProcessesOf(folder);
  while (processesOf(folder).length > 0) await delay(20);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // gone meanwhile
  }
}
