import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { reapOnExit } from '../redis/reap-on-exit.ts';
import type { RedisServer } from '../redis/redis-server.ts';

type Sighting = { kind: 'watching' } | { kind: 'promoted'; at: number };

/** Sees from outside, in a process of its own, when a replica becomes a primary: no contender's word is taken. */
export class RoleWatch {
  readonly #child: ChildProcess;
  /** Resolves with the monotonic time, in ms, at which the server first said that it is a primary. */
  readonly promotedAt: Promise<number>;

  private constructor(child: ChildProcess, promotedAt: Promise<number>) {
    this.#child = child;
    this.promotedAt = promotedAt;
  }

  /** Resolves when it watches. */
  static async start(server: RedisServer): Promise<RoleWatch> {
    const child = fork(join(import.meta.dirname, 'role-watch-process.ts'));
    reapOnExit(child);
    const seen = (kind: Sighting['kind']) =>
      new Promise<Sighting>((resolve, reject) => {
        child.on('message', (sighting: Sighting) => sighting.kind === kind && resolve(sighting));
        child.once('exit', () => reject(new Error('the role watch ended early')));
      });
    const promotedAt = seen('promoted').then((sighting) =>
      sighting.kind === 'promoted' ? sighting.at : Number.NaN,
    );
    // Nobody may be waiting when the watch is closed before any promotion.
    promotedAt.catch(() => {});
    const watching = seen('watching');
    child.send(server.address);
    await watching;
    return new RoleWatch(child, promotedAt);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await exited;
  }
}
