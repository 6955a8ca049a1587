import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { reapOnExit } from '../redis/reap-on-exit.ts';

const main = join(import.meta.dirname, '../../controller/main.ts');

/** The real controller in a process of its own (`understudy run --file …`), which is killed, frozen and started again. */
export class ChaosController {
  readonly #groupFile: string;
  readonly #log: string;
  #child: ChildProcess | undefined;
  /** Ended without having been told to, with what it ended with. */
  readonly deaths: string[] = [];

  constructor(groupFile: string, log: string) {
    this.#groupFile = groupFile;
    this.#log = log;
  }

  get runs(): boolean {
    return this.#child !== undefined;
  }

  start(): void {
    if (this.#child !== undefined) return;
    const log = openSync(this.#log, 'a');
    const child = spawn(process.execPath, [main, 'run', '--file', this.#groupFile], {
      stdio: ['ignore', log, log],
      // A group of its own: Ctrl-C in the terminal is for the chaos, which then ends things in order.
      detached: true,
    });
    closeSync(log);
    reapOnExit(child);
    this.#child = child;
    child.once('exit', (code, signal) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.deaths.push(`${code ?? signal}`);
    });
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }
}
