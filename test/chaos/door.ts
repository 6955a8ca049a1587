import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What a network does to what one source sends to a node, and to the answers. */
export interface Weather {
  /** Nothing goes either way and nobody is told; what was sent meanwhile arrives when it is over, as TCP has it. */
  readonly cut: boolean;
  readonly delayMs: number;
}

const fair: Weather = { cut: false, delayMs: 0 };
/** How often a server that is down is looked for. */
const lookMs = 15;

/** One connection through a door: two sockets, and what is on its way between them. */
class Passage {
  readonly source: string;
  readonly #pairs: readonly (readonly [from: Socket, to: Socket])[];
  #weather: Weather = fair;

  constructor(source: string, client: Socket, server: Socket) {
    this.source = source;
    this.#pairs = [
      [client, server],
      [server, client],
    ];
    for (const [from, to] of this.#pairs) this.#carry(from, to);
  }

  is(weather: Weather): void {
    this.#weather = weather;
    for (const [from] of this.#pairs) {
      if (weather.cut) from.pause();
      else from.resume();
    }
  }

  destroy(): void {
    for (const [from] of this.#pairs) from.resetAndDestroy();
  }

  #carry(from: Socket, to: Socket): void {
    from.setNoDelay(true);
    from.on('error', () => undefined);
    let last: Promise<void> = Promise.resolve();
    let under = 0;
    const later = (act: () => void): void => {
      const { delayMs } = this.#weather;
      if (delayMs === 0 && under === 0) {
        act();
        return;
      }
      const due = delay(delayMs);
      under += 1;
      last = last
        .then(() => due)
        .then(() => {
          under -= 1;
          act();
        });
    };
    from.on('data', (data) => later(() => this.#hand(data, from, to)));
    // A socket that is paused has no end yet: like its data, that stays on its way.
    from.on('close', () => later(() => void to.end(() => to.destroy())));
  }

  #hand(data: Buffer, from: Socket, to: Socket): void {
    if (to.destroyed || to.write(data)) return;
    from.pause();
    to.once('drain', () => {
      if (!this.#weather.cut) from.resume();
    });
  }
}

/**
 * The network before one Redis: everybody else reaches it through here, each with a weather of its own. As long as
 * the server is down a new connection is refused, as without a door.
 */
export class Door {
  readonly port: number;
  readonly #targetPort: number;
  readonly #nameOf: (address: string) => string;
  readonly #weathers = new Map<string, Weather>();
  readonly #passages = new Set<Passage>();
  #server: Server | undefined;
  #line: Socket | undefined;
  #closed = false;

  private constructor(targetPort: number, port: number, nameOf: (address: string) => string) {
    this.#targetPort = targetPort;
    this.port = port;
    this.#nameOf = nameOf;
  }

  /** `nameOf`: who it is that comes from this address. Open once the server behind it is up. */
  static open(ports: { target: number; own: number }, nameOf: (address: string) => string): Door {
    const door = new Door(ports.target, ports.own, nameOf);
    void door.#watch();
    return door;
  }

  weather(source: string, weather: Partial<Weather>): void {
    const now = { ...this.#weatherOf(source), ...weather };
    this.#weathers.set(source, now);
    for (const passage of this.#passages) if (passage.source === source) passage.is(now);
  }

  /** Ends the connections from there; what a cut has kept of them never arrives. */
  drop(source: string): void {
    for (const passage of this.#passages) if (passage.source === source) passage.destroy();
  }

  close(): void {
    this.#closed = true;
    this.#server?.close();
    this.#line?.destroy();
    for (const passage of this.#passages) passage.destroy();
  }

  #weatherOf(source: string): Weather {
    return this.#weathers.get(source) ?? fair;
  }

  /** Open exactly as long as somebody listens behind it. */
  async #watch(): Promise<void> {
    while (!this.#closed) {
      const line = await this.#reach();
      if (line === undefined) {
        // Behind a cut nobody can be told that the port is closed.
        if (![...this.#weathers.values()].some(({ cut }) => cut)) this.#shut();
        await delay(lookMs);
        continue;
      }
      await this.#listen();
      // Not `once` of node:events, which takes a reset for a failure.
      await new Promise((resolve) => line.once('close', resolve));
    }
  }

  /** A connection that tells when the server ends. */
  async #reach(): Promise<Socket | undefined> {
    const line = connect(this.#targetPort, '127.0.0.1');
    line.on('error', () => undefined);
    line.unref();
    line.resume();
    this.#line = line;
    const opened = Promise.withResolvers<boolean>();
    line.once('connect', () => opened.resolve(true));
    line.once('close', () => opened.resolve(false));
    return (await opened.promise) ? line : undefined;
  }

  async #listen(): Promise<void> {
    if (this.#server !== undefined || this.#closed) return;
    const server = createServer({ allowHalfOpen: false }, (client) => this.#let(client));
    server.listen(this.port, '127.0.0.1');
    this.#server = server;
    await once(server, 'listening');
  }

  #shut(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  #let(client: Socket): void {
    const source = this.#nameOf(client.remoteAddress ?? '');
    // The server sees where it comes from, too.
    const server = connect({
      port: this.#targetPort,
      host: '127.0.0.1',
      ...(client.remoteAddress === undefined ? {} : { localAddress: client.remoteAddress }),
    });
    const passage = new Passage(source, client, server);
    this.#passages.add(passage);
    server.once('error', () => client.resetAndDestroy());
    client.once('close', () => this.#passages.delete(passage));
    passage.is(this.#weatherOf(source));
  }
}
