import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { reapOnExit } from '../redis/reap-on-exit.ts';
import type { Endpoint } from '../traffic/endpoint-client.ts';
import type { ChaosStage } from './chaos-stage.ts';

/** To the writer process. The password travels here, never on a command line. */
export interface WriterOrder {
  readonly writers: number;
  readonly restMs: number;
  readonly file: string;
  readonly nodes: readonly (Endpoint & { readonly name: string })[];
  readonly password: string;
}

const writers = 4;
/** A writer rests so long after each write (ms): an ordinary load, not what the machine can do. */
const restMs = 12;

/** Clients that write without a pause, in a process of their own. */
export class Writers {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static start(stage: ChaosStage): Writers {
    const child = fork(join(import.meta.dirname, 'writer-process.ts'));
    reapOnExit(child);
    const nodes = stage.nodes.map((name) => {
      const { host, port } = stage.address(name);
      return { name, host, port };
    });
    const { ackFile: file, password } = stage;
    child.send({ writers, restMs, file, nodes, password } satisfies WriterOrder);
    return new Writers(child);
  }

  /** Resolves when the last write has been answered. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.send('stop');
    await exited;
  }
}
