import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reapOnExit } from '../redis/reap-on-exit.ts';
import type { Stage } from './stage.ts';

const main = join(import.meta.dirname, '../../controller/main.ts');
const logLines = 15;
const stopMs = 5_000;

/** The real controller, run as an operator runs it: `understudy run --file group.yaml`. */
export class ControllerProcess {
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly #ended = new AbortController();

  /** `outlives`: it goes on when this process ends. */
  constructor(stage: Stage, outlives: boolean) {
    this.#log = stage.controllerLog;
    const log = openSync(this.#log, 'a');
    this.#child = spawn(process.execPath, [main, 'run', '--file', stage.groupFile], {
      stdio: ['ignore', log, log],
      // A group of its own: Ctrl-C in the terminal is for the demo, which then ends things in order.
      detached: true,
    });
    closeSync(log);
    if (outlives) this.#child.unref();
    else reapOnExit(this.#child);
    this.#child.once('exit', (code, signal) => {
      this.#ended.abort(new Error(`the controller ended by itself (${code ?? signal})`));
    });
  }

  /** Aborted when the process has ended. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  logTail(): string {
    return readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-logLines).join('\n');
  }

  async stop(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), stopMs);
    await exited;
    clearTimeout(impatience);
  }
}

/** Runs a command of the command line to its end; throws with what it said when it fails. */
export async function understudy(...words: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  reapOnExit(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`understudy ${words.join(' ')} ended with ${code}:\n${said.trim()}`);
}
