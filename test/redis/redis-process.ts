import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { closeAdmin, connectAdmin, type RedisAddress } from './admin-connection.ts';
import { freePort } from './free-port.ts';
import { reapOnExit } from './reap-on-exit.ts';
import { redisBinary } from './redis-binary.ts';

/** Lines of redis.conf, in order: a name may occur more than once (`save`, `sentinel`). */
export type ConfigLines = readonly (readonly [name: string, value: string])[];

/** One redis-server process on 127.0.0.1 with a port, folder and config file of its own that survive its restarts. */
export class RedisProcess {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly directory: string;
  readonly configFile: string;
  readonly #mode: readonly string[];
  readonly #connections = new Set<Redis>();
  #child: ChildProcess | undefined;

  private constructor(port: number, directory: string, mode: readonly string[]) {
    this.port = port;
    this.directory = directory;
    this.configFile = join(directory, 'redis.conf');
    this.#mode = mode;
  }

  /** Writes folder and config; nothing runs yet. `mode` is `['--sentinel']` or nothing. */
  static async prepare(config: ConfigLines, mode: readonly string[] = []): Promise<RedisProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'understudy-redis-'));
    const made = new RedisProcess(await freePort(), directory, mode);
    const lines: ConfigLines = [
      ['bind', made.host],
      ['port', String(made.port)],
      ['dir', directory],
      ['logfile', join(directory, 'redis.log')],
      ['daemonize', 'no'],
      ...config,
    ];
    // The passwords are in here, and only here: never on a command line.
    await writeFile(made.configFile, lines.map(([name, value]) => `${name} ${value}\n`).join(''), {
      mode: 0o600,
    });
    return made;
  }

  /** The process that runs, or undefined. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the process and resolves when it answers. Throws with the end of its log if it exits first. */
  async launch(password?: string): Promise<void> {
    if (this.#child !== undefined) throw new Error(`redis-server on ${this.port} already runs`);
    const child = spawn(redisBinary(), [this.configFile, ...this.#mode], { stdio: 'ignore' });
    this.#child = child;
    reapOnExit(child);
    const gone = new AbortController();
    const exited = new Promise<'exited'>((resolve) => {
      child.once('error', () => resolve('exited'));
      child.once('exit', () => {
        if (this.#child === child) this.#child = undefined;
        resolve('exited');
      });
    });
    const address: RedisAddress = { host: this.host, port: this.port, ...(password && { password }) };
    const answered = connectAdmin(address, { signal: gone.signal }).then((connection) =>
      connection.disconnect(),
    );
    answered.catch(() => {});
    const outcome = await Promise.race([exited, answered]);
    if (outcome === 'exited') {
      gone.abort();
      throw new Error(`redis-server on ${this.port} exited:\n${await this.#logTail()}`);
    }
  }

  /** A new connection; stop() closes it if the caller has not. */
  async connect(password?: string): Promise<Redis> {
    const connection = await connectAdmin({
      host: this.host,
      port: this.port,
      ...(password && { password }),
    });
    this.#connections.add(connection);
    connection.once('end', () => this.#connections.delete(connection));
    return connection;
  }

  /** Sends the signal; resolves when the process is gone, or at once for SIGSTOP and SIGCONT. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await exited;
  }

  /** Closes the connections, ends the process without ceremony and removes its folder. */
  async stop(): Promise<void> {
    for (const connection of this.#connections) closeAdmin(connection);
    await this.kill('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }

  async #logTail(): Promise<string> {
    const log = await readFile(join(this.directory, 'redis.log'), 'utf8').catch(() => '(no log)');
    return log.split('\n').slice(-8).join('\n');
  }
}
