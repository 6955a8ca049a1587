import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { reapOnExit } from '../../redis/reap-on-exit.ts';
import type { FromWorld, ToController, ToWorld } from './world-messages.ts';

/** The process that plays the nodes. */
export class WorldProcess {
  readonly #child = fork(join(import.meta.dirname, 'world-process.ts'));
  readonly news = new EventEmitter<{ message: [FromWorld] }>();

  constructor() {
    reapOnExit(this.#child);
    this.#child.on('message', (message: FromWorld) => this.news.emit('message', message));
  }

  tell(message: ToWorld): void {
    this.#child.send(message);
  }

  /** Tells, and waits for the first message of that kind. */
  async ask<K extends FromWorld['kind']>(
    message: ToWorld,
    kind: K,
  ): Promise<Extract<FromWorld, { kind: K }>> {
    const answer = this.next(kind);
    this.tell(message);
    return answer;
  }

  next<K extends FromWorld['kind']>(kind: K): Promise<Extract<FromWorld, { kind: K }>> {
    return new Promise((resolve, reject) => {
      const take = (message: FromWorld): void => {
        if (message.kind !== kind) return;
        this.news.off('message', take);
        resolve(message as Extract<FromWorld, { kind: K }>);
      };
      this.news.on('message', take);
      this.#child.once('exit', () => reject(new Error('the process that plays the nodes has ended')));
    });
  }

  stop(): Promise<void> {
    return ended(this.#child);
  }
}

/** The controller under measurement: a process of its own, so that what it costs is its own. */
export class ControllerUnderLoad {
  readonly #child: ChildProcess;

  /** `log`: a file for what it says. */
  constructor(log: string) {
    const file = openSync(log, 'a');
    this.#child = fork(join(import.meta.dirname, 'controller-process.ts'), {
      // As controller/main.ts has it.
      execArgv: ['--semi-space-growth-factor=1', '--heap-growing-percent=40'],
      stdio: ['ignore', file, file, 'ipc'],
    });
    reapOnExit(this.#child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  tell(message: ToController): void {
    this.#child.send(message);
  }

  /** As a pod is ended. */
  stop(): Promise<void> {
    return ended(this.#child);
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}
