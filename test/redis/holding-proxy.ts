import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Endpoint } from '../../controller/ports/redis-node.ts';

/** What became of bytes that arrived late: the server answered them, or had closed the connection. */
export type Fate = 'answered' | 'closed';

/** A network between a client and a server that can keep what the client's first connection sends. */
export class HoldingProxy {
  readonly #server = createServer();
  readonly #target: Endpoint;
  readonly #sockets = new Set<Socket>();
  #first: Socket | undefined;
  #holds = false;
  #held: Buffer[] = [];

  private constructor(target: Endpoint) {
    this.#target = target;
    this.#server.on('connection', (client) => this.#carry(client));
  }

  static async start(target: Endpoint): Promise<HoldingProxy> {
    const proxy = new HoldingProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get endpoint(): Endpoint {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return { host: '127.0.0.1', port: address.port };
  }

  /** From now on the first connection's bytes stay here, and its end is not passed on. */
  hold(): void {
    this.#holds = true;
  }

  /** Hands the kept bytes to the server. */
  async release(): Promise<Fate> {
    const first = this.#first;
    if (first === undefined) throw new Error('nobody has connected');
    if (first.destroyed) return 'closed';
    const { promise, resolve } = Promise.withResolvers<Fate>();
    first.once('data', () => resolve('answered'));
    first.once('close', () => resolve('closed'));
    first.write(Buffer.concat(this.#held));
    return promise;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #carry(client: Socket): void {
    const server = connect(this.#target.port, this.#target.host);
    this.#first ??= server;
    const held = () => this.#holds && server === this.#first;
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
    }
    client.on('data', (data) => {
      if (held()) this.#held.push(data);
      else server.write(data);
    });
    client.on('close', () => {
      if (!held()) server.destroy();
    });
    server.on('data', (data) => client.write(data));
    server.on('close', () => client.destroy());
  }
}
