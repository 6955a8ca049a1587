import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../redis/until.ts';
import type { LabPaths } from './lab-paths.ts';
import { runsWith } from './own-process.ts';

const deskProgram = join(import.meta.dirname, 'pct-desk.ts');

/** The desk behind the hypervisor's `pct`: a process of the lab that outlives the one that started it. */
export class Hypervisor {
  readonly #paths: LabPaths;

  constructor(paths: LabPaths) {
    this.#paths = paths;
  }

  /** Resolves when the desk answers. */
  async open(): Promise<void> {
    if (this.#pid() !== undefined) return;
    mkdirSync(this.#paths.desk, { recursive: true });
    rmSync(this.#paths.deskSocket, { force: true });
    const log = openSync(join(this.#paths.run, 'desk.log'), 'a');
    const args = [deskProgram, this.#paths.folder];
    const desk = spawn(process.execPath, args, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
    closeSync(log);
    desk.unref();
    writeFileSync(this.#paths.deskProcess, String(desk.pid));
    await until('the desk of pct answers', async () => existsSync(this.#paths.deskSocket));
  }

  async close(): Promise<void> {
    const pid = this.#pid();
    if (pid !== undefined) {
      process.kill(pid);
      await until('the desk of pct has ended', async () => this.#pid() === undefined);
    }
    for (const file of [this.#paths.deskProcess, this.#paths.deskSocket]) rmSync(file, { force: true });
  }

  #pid(): number | undefined {
    if (!existsSync(this.#paths.deskProcess)) return undefined;
    const pid = Number(readFileSync(this.#paths.deskProcess, 'utf8'));
    return runsWith(pid, deskProgram, this.#paths.folder) ? pid : undefined;
  }
}
