import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { RedisAddress } from './admin-connection.ts';
import { type ConfigLines, RedisProcess } from './redis-process.ts';

export interface RedisServerOptions {
  /** requirepass and masterauth; random when absent. Both nodes of a pair need the same one. */
  password?: string;
  appendonly?: boolean;
  /** Redis's `save` setting; absent or '' means no snapshots. */
  save?: string;
  replicaOf?: RedisAddress;
  /** Any other setting of redis.conf. */
  settings?: Readonly<Record<string, string>>;
}

/** A real redis-server with a password, for tests and benches. */
export class RedisServer {
  readonly password: string;
  readonly #process: RedisProcess;

  private constructor(process: RedisProcess, password: string) {
    this.#process = process;
    this.password = password;
  }

  /** Starts a server and resolves when it answers. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const password = options.password ?? randomBytes(16).toString('hex');
    const server = new RedisServer(await RedisProcess.prepare(configOf(options, password)), password);
    try {
      await server.#process.launch(password);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get host(): string {
    return this.#process.host;
  }

  get port(): number {
    return this.#process.port;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get directory(): string {
    return this.#process.directory;
  }

  get configFile(): string {
    return this.#process.configFile;
  }

  get address(): Required<RedisAddress> {
    return { host: this.host, port: this.port, password: this.password };
  }

  /** A new connection; stop() closes it if the caller has not. */
  admin(): Promise<Redis> {
    return this.#process.connect(this.password);
  }

  /** Sends the signal; resolves when the process is gone, or at once for SIGSTOP and SIGCONT. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    return this.#process.kill(signal);
  }

  /** Starts it again on the same port, folder and config file, ending it cleanly first if it still runs. */
  async restart(): Promise<void> {
    await this.#process.kill('SIGTERM');
    await this.#process.launch(this.password);
  }

  /** Ends it and removes its folder. */
  stop(): Promise<void> {
    return this.#process.stop();
  }
}

function configOf(options: RedisServerOptions, password: string): ConfigLines {
  const { replicaOf } = options;
  return [
    ['requirepass', password],
    ['masterauth', password],
    ['appendonly', options.appendonly ? 'yes' : 'no'],
    ['save', options.save || '""'],
    ...(replicaOf ? [['replicaof', `${replicaOf.host} ${replicaOf.port}`] as const] : []),
    ...Object.entries(options.settings ?? {}),
  ];
}
