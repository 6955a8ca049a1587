import { randomBytes } from 'node:crypto';
import type { Endpoint } from '../../controller/ports/redis-node.ts';
import type { RedisView } from '../../reconcilers/observation.ts';

/** What a server does with those who ask it; `hung` takes connections and never answers. */
export type FakeState = 'up' | 'refused' | 'hung' | 'loading' | 'unauthorised';

/** A connection to a fake server: what the server sees of an adapter. */
export interface FakeClient {
  /** The epoch that its name announces. */
  epoch: number | undefined;
  /** The server has ended it. */
  ended(): void;
}

/** A pretend Redis: a role, a place in a replication history, paused writers, connections. Nothing in it waits. */
export class FakeRedisServer {
  readonly endpoint: Endpoint;
  readonly clients = new Set<FakeClient>();
  readonly config: Record<string, string> = { maxmemory: '0', 'repl-ping-replica-period': '10' };
  state: FakeState = 'up';
  /** Whether it would log in to a primary with the group's password; undefined while the group has none. */
  replicationLogin: 'right' | 'wrong' | undefined;
  password: 'former' | 'accepted' | 'only' | undefined;
  /** What its config file has of that. */
  savedReplicationLogin: 'right' | 'wrong' | undefined;
  hasConfigFile = true;
  runId = newId();
  replicationId = newId();
  previousReplicationId: string | undefined;
  previousEndOffset: number | undefined;
  offset = 0;
  keys = 0;
  /** Whom it follows; undefined: it leads. */
  of: Endpoint | undefined;
  /** Its link to whom it follows. */
  linked = false;
  /** Whom the config file makes it follow. */
  savedOf: Endpoint | undefined;
  paused = false;
  /** How often its ordinary clients were sent away, and how often it copied a whole data set. */
  clientsDropped = 0;
  fullSyncs = 0;
  #waiting: (() => void)[] = [];

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }

  /** An ordinary client's write of so many bytes: waits while writes are paused. */
  async write(bytes = 1): Promise<'written' | 'refused'> {
    while (this.paused) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.of !== undefined || this.state !== 'up') return 'refused';
    this.offset += bytes;
    this.keys += 1;
    return 'written';
  }

  pause(): void {
    this.paused = true;
  }

  /** By command, or because the pause has run out. */
  resume(): void {
    this.paused = false;
    for (const go of this.#waiting.splice(0)) go();
  }

  follow(primary: Endpoint): void {
    if (this.of !== undefined && same(this.of, primary)) return;
    this.of = primary;
    this.linked = false;
    this.resume();
  }

  promote(): void {
    if (this.of === undefined) return;
    this.of = undefined;
    this.linked = false;
    this.previousReplicationId = this.replicationId;
    this.previousEndOffset = this.offset + 1;
    this.replicationId = newId();
  }

  /** Gets what the primary has, at most `bytes` of it; a whole copy when the histories do not fit. */
  receive(primary: FakeRedisServer, bytes: number): void {
    if (!this.linked && !this.#continues(primary)) {
      this.fullSyncs += 1;
      this.offset = primary.offset;
    }
    this.linked = true;
    this.replicationId = primary.replicationId;
    this.previousReplicationId = primary.previousReplicationId;
    this.previousEndOffset = primary.previousEndOffset;
    this.offset = Math.min(primary.offset, this.offset + bytes);
    if (this.offset === primary.offset) this.keys = primary.keys;
  }

  /** What PSYNC asks (replication.c, masterTryPartialResynchronization). */
  #continues(primary: FakeRedisServer): boolean {
    if (this.replicationId === primary.replicationId) return this.offset <= primary.offset;
    return (
      this.replicationId === primary.previousReplicationId &&
      this.offset + 1 <= (primary.previousEndOffset ?? 0)
    );
  }

  endClients(whom: (client: FakeClient) => boolean): void {
    for (const client of [...this.clients].filter(whom)) {
      this.clients.delete(client);
      client.ended();
    }
  }

  /** SIGKILL */
  kill(): void {
    this.state = 'refused';
    this.linked = false;
    this.resume();
    this.endClients(() => true);
  }

  /** Started again without a data file: an empty server in the role that its config file says. */
  restart(): void {
    this.state = 'up';
    this.runId = newId();
    this.replicationId = newId();
    this.previousReplicationId = undefined;
    this.previousEndOffset = undefined;
    this.offset = 0;
    this.keys = 0;
    this.of = this.savedOf;
    this.replicationLogin = this.savedReplicationLogin;
  }

  view(attached: readonly FakeRedisServer[], settings: readonly string[]): RedisView {
    switch (this.state) {
      case 'refused':
        return { state: 'refused' };
      case 'hung':
        return { state: 'silent' };
      case 'loading':
        return { state: 'loading' };
      case 'unauthorised':
        return { state: 'unauthorised', detail: 'it refuses the password or the user' };
      case 'up':
        return this.#answer(attached, settings);
    }
  }

  #answer(attached: readonly FakeRedisServer[], settings: readonly string[]): RedisView {
    const data = {
      state: 'answers',
      runId: this.runId,
      replicationId: this.replicationId,
      ...(this.previousReplicationId !== undefined && { previousReplicationId: this.previousReplicationId }),
      ...(this.previousEndOffset !== undefined && { previousEndOffset: this.previousEndOffset }),
      offset: this.offset,
      keys: this.keys,
      usedMemoryBytes: 1_000_000 + this.keys,
      diskFailing: false,
      config: Object.fromEntries(
        settings.flatMap((name) => {
          const value = this.config[name];
          return value === undefined ? [] : [[name, value] as const];
        }),
      ),
      ...(this.replicationLogin !== undefined && { replicationLogin: this.replicationLogin }),
      ...(this.password !== undefined && { password: this.password }),
      otherAgent: false,
      priority: 100,
    } as const;
    if (this.of !== undefined) {
      const link = this.linked ? ({ link: 'up', lastIoSeconds: 0 } as const) : ({ link: 'down' } as const);
      return { ...data, role: 'replica', of: this.of, ...link };
    }
    const replicas = attached.map(({ endpoint, offset }) => {
      return { ...endpoint, state: 'online' as const, offset, lagSeconds: 0 };
    });
    return { ...data, role: 'primary', replicas };
  }
}

/** Servers that can reach each other. */
export class FakeRedisWorld {
  readonly servers: FakeRedisServer[] = [];

  add(): FakeRedisServer {
    const server = new FakeRedisServer({ host: '127.0.0.1', port: 7_000 + this.servers.length });
    this.servers.push(server);
    return server;
  }

  /** A primary and a replica that is in sync with it. */
  pair(): { primary: FakeRedisServer; replica: FakeRedisServer } {
    const [primary, replica] = [this.add(), this.add()];
    replica.follow(primary.endpoint);
    replica.savedOf = primary.endpoint;
    this.replicate();
    return { primary, replica };
  }

  /** Every replica that can, links, and receives at most so many bytes. Nothing replicates between two calls. */
  replicate(bytes = Number.POSITIVE_INFINITY): void {
    for (const server of this.servers) {
      if (server.of === undefined || server.state !== 'up') continue;
      const primary = this.at(server.of);
      if (primary?.state === 'up' && primary.of === undefined) server.receive(primary, bytes);
      else server.linked = false;
    }
  }

  at(endpoint: Endpoint): FakeRedisServer | undefined {
    return this.servers.find((server) => same(server.endpoint, endpoint));
  }

  attachedTo(primary: FakeRedisServer): FakeRedisServer[] {
    return this.servers.filter(
      ({ of, linked }) =>
        linked && of !== undefined && same(of, primary.endpoint) && primary.of === undefined,
    );
  }
}

const same = (a: Endpoint, b: Endpoint): boolean => a.host === b.host && a.port === b.port;

const newId = (): string => randomBytes(20).toString('hex');
