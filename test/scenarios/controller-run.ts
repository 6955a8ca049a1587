import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { reapOnExit } from '../redis/reap-on-exit.ts';

/** A line of the controller's log. */
export interface LogLine {
  readonly msg: string;
  readonly action?: string;
  readonly node?: string;
  readonly outcome?: string;
  readonly reason?: string;
  readonly detail?: string;
}

export const launcher = join(import.meta.dirname, '../../deploy/understudy');
const stopMs = 5_000;

/** One process of the real controller, run as an operator runs it, at the controller's place in the network. */
export class ControllerRun {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  /** `argv` starts it; its log is added to `log`, and each line is told at once. */
  constructor(argv: readonly string[], log: string, tell: (line: LogLine) => void) {
    const [program = '', ...args] = argv;
    const kept: WriteStream = createWriteStream(log, { flags: 'a' });
    this.#child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    reapOnExit(this.#child);
    this.#exited = once(this.#child, 'exit');
    if (this.#child.stderr === null) throw new Error('the controller has no log');
    createInterface({ input: this.#child.stderr })
      .on('line', (text) => {
        kept.write(`${text}\n`);
        const line = parseLine(text);
        if (line !== undefined) tell(line);
      })
      .on('close', () => kept.end());
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** As a crash or the kernel's out-of-memory killer would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Resolves when the process has ended, however. */
  async ended(): Promise<void> {
    await this.#exited;
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#child.kill('SIGTERM');
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), stopMs);
    await this.#exited;
    clearTimeout(impatience);
  }
}

function parseLine(text: string): LogLine | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `promote ct101`, and how it ended unless it was done. */
export function actionText({ action = '', node, outcome, reason }: LogLine): string {
  const subject = node === undefined ? action : `${action} ${node}`;
  return outcome === 'done' ? subject : `${subject} (${outcome}: ${reason})`;
}
