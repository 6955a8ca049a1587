import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalHost } from '../../controller/local-host/local-host.ts';

export const botUnit = 'bot.service';
const nodes = ['a', 'b'] as const;

/** A unit on each of two hosts that are folders of this machine; a lock tells of two that run at once. */
export class Bots {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async prepare(folder: string): Promise<Bots> {
    const bots = new Bots(folder);
    const lock = join(folder, 'bot.lock');
    // The kernel gives the lock to one at a time, and takes it back when its holder ends.
    const run = `flock -n ${lock} sleep 1000 || touch ${bots.#twoFile}; exec sleep 1000`;
    for (const node of nodes) {
      await mkdir(bots.directory(node));
      await writeFile(
        join(bots.directory(node), botUnit),
        `[Service]\nExecStart=/bin/sh -c "${run}"\nRestart=no\n`,
      );
    }
    return bots;
  }

  directory(node: string): string {
    return join(this.#folder, node);
  }

  async look(): Promise<{ readonly on: readonly string[]; readonly everTwo: boolean }> {
    const on: string[] = [];
    for (const node of nodes) {
      const host = this.#host(node);
      const view = await host.observe();
      host.close();
      const unit = view.state === 'answers' ? view.units[0] : undefined;
      if (unit?.state === 'running') on.push(node);
    }
    return { on, everTwo: existsSync(this.#twoFile) };
  }

  /** Units outlive their controller. */
  async end(): Promise<void> {
    for (const node of nodes) {
      const host = this.#host(node);
      const outcome = await host.stopUnits([botUnit], Number.MAX_SAFE_INTEGER);
      host.close();
      if (outcome.kind !== 'done')
        throw new Error(`${botUnit} on ${node} was not stopped: ${outcome.message}`);
    }
  }

  get #twoFile(): string {
    return join(this.#folder, 'two-at-once');
  }

  #host(node: string): LocalHost {
    const directory = this.directory(node);
    return new LocalHost({ directory, units: [botUnit], redisUnit: 'redis-server.service' });
  }
}
