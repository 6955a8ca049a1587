import { type ChildProcess, fork } from 'node:child_process';
import { connect, Server, type Socket } from 'node:net';
import { join } from 'node:path';

const listener = join(import.meta.dirname, 'namespace-listener.ts');

/** A port of this machine's loopback, found under the same number on the loopback of another network namespace. */
export class LoopbackDoor {
  readonly #server: Server;
  readonly #port: number;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
    server.on('connection', (client) => this.#carry(client));
  }

  /** `behind`: the argv that a program is started behind to be in that namespace. */
  static async open(port: number, behind: readonly string[]): Promise<LoopbackDoor> {
    const [execPath = '', ...execArgv] = [...behind, process.execPath];
    const child = fork(listener, [String(port)], { execPath, execArgv });
    return new LoopbackDoor(await handedOver(child), port);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #carry(client: Socket): void {
    const server = connect(this.#port, '127.0.0.1');
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}

function handedOver(child: ChildProcess): Promise<Server> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`nobody listens in the other namespace: exit ${code}`)));
    child.once('message', (_, handle) => {
      if (handle instanceof Server) resolve(handle);
    });
  });
}
