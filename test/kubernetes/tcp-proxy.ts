import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** What becomes of a connection: carried; ended and refused; or taken, and not one byte more goes either way. */
export type Passage = 'open' | 'cut' | 'black hole';

/** A network between clients and one server on loopback that can be cut, or go silent. */
export class TcpProxy {
  readonly #server = createServer();
  readonly #targetPort: number;
  readonly #sockets = new Set<Socket>();
  /** Not even their end is passed on. */
  readonly #silent = new WeakSet<Socket>();
  #passage: Passage = 'open';

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server.on('connection', (client) => this.#carry(client));
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return address.port;
  }

  /** From now on, for connections that are there and for new ones; what a black hole took does not come back. */
  let(passage: Passage): void {
    this.#passage = passage;
    if (passage === 'black hole') this.swallow();
    else this.dropAll();
  }

  /** The connections of now go silent and stay so, without an end; new ones fare as the passage says. */
  swallow(): void {
    for (const socket of this.#sockets) this.#silence(socket);
  }

  /** Ends every connection; new ones fare as the passage says. */
  dropAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    this.dropAll();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #carry(client: Socket): void {
    if (this.#passage === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.#targetPort, '127.0.0.1');
    this.#join(client, server);
    this.#join(server, client);
    if (this.#passage === 'black hole') for (const socket of [client, server]) this.#silence(socket);
  }

  #join(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.pipe(other);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (!this.#silent.has(socket)) other.destroy();
    });
  }

  #silence(socket: Socket): void {
    this.#silent.add(socket);
    socket.unpipe();
    socket.pause();
  }
}
