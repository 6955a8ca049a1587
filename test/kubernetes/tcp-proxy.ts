import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** What becomes of a connection: carried; ended and refused; or taken, and not one byte more goes either way. */
export type Passage = 'open' | 'cut' | 'black hole';

/** A network between clients and one server on loopback that can be cut, or go silent. */
export class TcpProxy {
  readonly #server = createServer();
  readonly #targetPort: number;
  readonly #sockets = new Set<Socket>();
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

  /** How many connections are carried or held now. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** From now on. What a black hole took stays dead when the passage opens again: what was lost is lost. */
  let(passage: Passage): void {
    this.#passage = passage;
    if (passage === 'black hole') for (const socket of this.#sockets) swallow(socket);
    else this.dropAll();
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
    client.pipe(server);
    server.pipe(client);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        // The end of one that is in a black hole is not passed on.
        if (this.#passage !== 'black hole') other.destroy();
      });
    }
    if (this.#passage === 'black hole') for (const socket of [client, server]) swallow(socket);
  }
}

/** Nothing more is read from it. */
function swallow(socket: Socket): void {
  socket.unpipe();
  socket.pause();
}
