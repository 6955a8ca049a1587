import { rmSync } from 'node:fs';
import type { Traffic } from '../traffic/traffic.ts';
import { ControllerProcess } from './controller-process.ts';
import { endProcessesOf, killProcessesOf } from './own-processes.ts';
import { buildStage, type Stage } from './stage.ts';
import { StatusWatch } from './status-watch.ts';

const graceMs = 3_000;

/** What a run of the demo owns: its folder and every process that names it. Ended whatever happens, unless kept. */
export class Session {
  readonly stage: Stage;
  readonly status: StatusWatch;
  readonly #keep: boolean;
  readonly #atExit: () => void;
  #controller: ControllerProcess | undefined;
  #traffic: Traffic | undefined;

  private constructor(stage: Stage, keep: boolean) {
    this.stage = stage;
    this.status = new StatusWatch(stage.statusFile);
    this.#keep = keep;
    this.#atExit = () => this.#leaveNothing();
    if (!keep) process.once('exit', this.#atExit);
  }

  static async open(keep: boolean): Promise<Session> {
    const session = new Session(await buildStage(), keep);
    // Whatever else needs a temporary folder gets it inside ours, and goes with it.
    process.env.TMPDIR = session.stage.folder;
    return session;
  }

  /** Starts `understudy run`; the signal is aborted when it ends. */
  startController(): AbortSignal {
    this.#controller = new ControllerProcess(this.stage, this.#keep);
    return this.#controller.ended;
  }

  ownTraffic(traffic: Traffic): void {
    this.#traffic = traffic;
  }

  controllerLog(): string {
    return this.#controller?.logTail() ?? '';
  }

  /** Ends everything in order and removes the folder; kept, only the writers end. */
  async close(): Promise<void> {
    this.status.close();
    await this.#traffic?.close();
    if (this.#keep) return;
    // The controller first, or it would mend what is ended.
    await this.#controller?.stop();
    await endProcessesOf(this.stage.folder, graceMs);
    this.#leaveNothing();
    process.off('exit', this.#atExit);
  }

  #leaveNothing(): void {
    killProcessesOf(this.stage.folder);
    rmSync(this.stage.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
