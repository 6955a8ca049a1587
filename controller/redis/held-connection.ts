import { type ClientIdentity, Connection, type ConnectionTerms, type Opened } from './connection.ts';
import type { Deadline } from './deadline.ts';
import type { RedisNodeOptions } from './options.ts';
import { tlsTerms } from './tls-terms.ts';

/** How often a server may take a connection and close it again before that counts as its answer. */
const maxAttempts = 3;

/** The one connection to a node: made when it is needed, and at most one attempt at a time. */
export class HeldConnection {
  readonly #terms: ConnectionTerms;
  readonly #lostListeners: (() => void)[] = [];
  #current: Connection | undefined;
  #opening: Promise<Opened> | undefined;
  #predecessor: ClientIdentity | undefined;
  #closed = false;

  constructor(options: RedisNodeOptions) {
    const secure = tlsTerms(options);
    this.#terms = { ...options, ...(secure && { secure }) };
  }

  /** The connection that is open, or a new one, or why there is none. */
  async get(deadline: Deadline): Promise<Exclude<Opened, { kind: 'closed' }>> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.#closed) return noConnection('this controller has closed its connection');
      if (this.#current?.isOpen) return { kind: 'open', connection: this.#current };
      this.#opening ??= this.#open();
      const late = { kind: 'none' as const, view: { state: 'silent' as const } };
      const opened = await deadline.race(this.#opening, late);
      if (opened.kind !== 'closed') return opened;
      if (attempt === maxAttempts) return noConnection(closing(this.#terms.secure !== undefined));
    }
  }

  onLost(listener: () => void): void {
    this.#lostListeners.push(listener);
  }

  close(): void {
    this.#closed = true;
    this.#current?.close();
  }

  async #open(): Promise<Opened> {
    const opened = await Connection.open(this.#terms, this.#predecessor);
    this.#opening = undefined;
    if (opened.kind !== 'open') return opened;
    const { connection } = opened;
    if (this.#closed) {
      connection.close();
      return noConnection('this controller has closed its connection');
    }
    this.#current = connection;
    this.#predecessor = connection.identity;
    connection.onLost = () => {
      for (const listener of this.#lostListeners) listener();
    };
    return opened;
  }
}

const noConnection = (detail: string) => ({
  kind: 'none' as const,
  view: { state: 'unusable' as const, detail },
});

/** A Redis that speaks TLS ends what does not, and by its default what shows no certificate of its own. */
const closing = (byTls: boolean): string =>
  `it takes connections and closes them at once; ${
    byTls
      ? 'if it asks its clients for certificates, set tls-auth-clients no there'
      : 'if this port of it speaks TLS, set spec.redis.tls'
  }`;
