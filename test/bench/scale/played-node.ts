import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { monotonicMs } from '../../traffic/monotonic.ts';
import { array, bulk, integer, ok, refusal } from './replies.ts';
import { RequestParser } from './request-parser.ts';
import type { ServerInfo } from './server-info.ts';

/** What the nodes of one world share. */
export interface Stage {
  readonly info: ServerInfo;
  readonly password: string;
  at(port: number): PlayedNode | undefined;
  replicasOf(node: PlayedNode): readonly PlayedNode[];
  /** A command that changes something has come. */
  changed(): void;
  promoted(node: PlayedNode, ms: number): void;
}

interface Client {
  readonly id: number;
  readonly socket: Socket;
  name: string;
  loggedIn: boolean;
}

/** A link in a replication history: who leads writes into it the pings of a quiet Redis. */
interface History {
  readonly id: string;
  readonly since: number;
  readonly base: number;
}

/** What a primary sends its replicas every second (repl-ping-replica-period 1): `*1 $4 PING`. */
const pingBytes = 14;

/** A Redis played over a socket of its own: just as much of it as the controller's adapter asks for. */
export class PlayedNode {
  port = 0;
  dead = false;
  readonly #stage: Stage;
  readonly #server: Server;
  readonly #clients = new Map<number, Client>();
  readonly #config = new Map<string, string>([
    ['replica-priority', '100'],
    ['maxmemory', '0'],
    ['maxmemory-policy', 'noeviction'],
    ['save', '3600 1 300 100 60 10000'],
    ['repl-ping-replica-period', '10'],
    ['min-replicas-max-lag', '10'],
    ['min-replicas-to-write', '0'],
    ['replica-ignore-disk-write-errors', 'no'],
    ['masteruser', ''],
  ]);
  readonly #runId = newId();
  #history: History = { id: newId(), since: monotonicMs(), base: 1_000_000 };
  #before: { readonly id: string; readonly end: number } | undefined;
  /** The port of whom it follows; undefined: it leads. */
  of: number | undefined;
  #nextId = 3;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#config.set('masterauth', stage.password);
    this.#config.set('requirepass', stage.password);
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  async listen(): Promise<void> {
    this.#server.listen({ port: 0, host: '127.0.0.1', backlog: 128 });
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port from the kernel');
    this.port = address.port;
  }

  follow(primary: PlayedNode): void {
    this.#config.set('min-replicas-to-write', '0');
    this.of = primary.port;
    this.#history = primary.#history;
    this.#before = primary.#before;
  }

  /** SIGKILL: the kernel ends its sockets. Gives the time just before. */
  die(): number {
    const at = monotonicMs();
    this.dead = true;
    this.#server.close();
    for (const { socket } of this.#clients.values()) socket.destroy();
    // Its replica has what it wrote until now.
    for (const replica of this.#stage.replicasOf(this)) replica.#freeze();
    return at;
  }

  close(): void {
    if (!this.dead) this.die();
  }

  get linked(): boolean {
    const primary = this.of === undefined ? undefined : this.#stage.at(this.of);
    return primary !== undefined && !primary.dead && primary.of === undefined;
  }

  #freeze(): void {
    this.#history = { ...this.#history, since: Number.POSITIVE_INFINITY, base: this.#offset() };
  }

  #offset(): number {
    const { since, base } = this.#history;
    return base + Math.max(0, Math.floor((monotonicMs() - since) / 1_000)) * pingBytes;
  }

  #serve(socket: Socket): void {
    const client: Client = { id: this.#nextId, socket, name: '', loggedIn: false };
    this.#nextId += 1;
    this.#clients.set(client.id, client);
    const parser = new RequestParser();
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      const replies = parser.take(chunk).map((words) => this.#answer(client, words));
      if (replies.length > 0 && !socket.destroyed) socket.write(replies.join(''), 'latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => this.#clients.delete(client.id));
  }

  #answer(client: Client, [command = '', ...words]: readonly string[]): string {
    const name = command.toLowerCase();
    if (name === 'auth') {
      client.loggedIn = words.at(-1) === this.#stage.password;
      return client.loggedIn ? ok : refusal('WRONGPASS invalid username-password pair or user is disabled.');
    }
    if (!client.loggedIn) return refusal('NOAUTH Authentication required.');
    switch (name) {
      case 'info':
        return bulk(this.#infoText(words));
      case 'pubsub':
        return array([bulk(words[1] ?? ''), integer(0)]);
      case 'config':
        return this.#configReply(words);
      case 'client':
        return this.#clientReply(client, words);
      case 'replicaof':
        return this.#replicaOf(words);
      default:
        return refusal(`ERR unknown command '${command}'`);
    }
  }

  #configReply([word = '', ...words]: readonly string[]): string {
    if (word.toLowerCase() === 'get') {
      const found = words.flatMap((name) => {
        const value = this.#config.get(name);
        return value === undefined ? [] : [bulk(name), bulk(value)];
      });
      return array(found);
    }
    this.#stage.changed();
    if (word.toLowerCase() === 'set') this.#config.set(words[0] ?? '', words[1] ?? '');
    return ok;
  }

  #clientReply(client: Client, [word = '', ...words]: readonly string[]): string {
    switch (word.toLowerCase()) {
      case 'setname':
        client.name = words[0] ?? '';
        return ok;
      case 'info':
        return bulk(this.#line(client));
      case 'list':
        return bulk([...this.#clients.values()].map((one) => this.#line(one)).join(''));
      case 'kill':
        return this.#kill(client, words);
      default:
        this.#stage.changed();
        return ok;
    }
  }

  #kill(client: Client, words: readonly string[]): string {
    this.#stage.changed();
    const terms = new Map<string, string>();
    for (let at = 0; at < words.length; at += 2)
      terms.set((words[at] ?? '').toLowerCase(), words[at + 1] ?? '');
    const [id, address] = [terms.get('id'), terms.get('addr')];
    const named = [...this.#clients.values()].filter(
      (one) =>
        one !== client &&
        (id === undefined || String(one.id) === id) &&
        (address === undefined || addressOf(one) === address) &&
        terms.get('type') !== 'pubsub',
    );
    for (const one of named) one.socket.destroy();
    return integer(named.length);
  }

  #replicaOf([host = '', port = '']: readonly string[]): string {
    this.#stage.changed();
    if (host.toLowerCase() !== 'no') {
      const primary = this.#stage.at(Number(port));
      if (primary !== undefined) this.follow(primary);
      return ok;
    }
    if (this.of === undefined) return ok;
    const offset = this.#offset();
    this.of = undefined;
    this.#before = { id: this.#history.id, end: offset + 1 };
    this.#history = { id: newId(), since: monotonicMs(), base: offset };
    this.#stage.promoted(this, monotonicMs());
    return ok;
  }

  #line(client: Client): string {
    const { id, name } = client;
    return `id=${id} addr=${addressOf(client)} laddr=127.0.0.1:${this.port} fd=9 name=${name} age=12 idle=0 flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=320 qbuf-free=20154 argv-mem=10 multi-mem=0 rbs=16384 rbp=16384 obl=64 oll=0 omem=0 tot-mem=37658 events=r cmd=client|info user=default redir=-1 resp=2\n`;
  }

  #infoText(sections: readonly string[]): string {
    const offset = this.#offset();
    const replication = [
      ...(this.of === undefined ? ['role:master'] : this.#followerLines(offset)),
      ...this.#attachedLines(offset),
      'master_failover_state:no-failover',
      `master_replid:${this.#history.id}`,
      `master_replid2:${this.#before?.id ?? '0'.repeat(40)}`,
      `master_repl_offset:${offset}`,
      `second_repl_offset:${this.#before?.end ?? -1}`,
      'repl_backlog_active:1',
      'repl_backlog_size:1048576',
      'repl_backlog_first_byte_offset:1',
      'repl_backlog_histlen:1048576',
    ];
    const own = { runId: this.#runId, port: this.port, replication, keys: 125_000 };
    return this.#stage.info.text(sections, own);
  }

  #attachedLines(offset: number): string[] {
    const replicas = this.#stage.replicasOf(this).filter(({ linked }) => linked);
    const lines = replicas.map(
      ({ port }, index) => `slave${index}:ip=127.0.0.1,port=${port},state=online,offset=${offset},lag=0`,
    );
    return [`connected_slaves:${replicas.length}`, ...lines];
  }

  #followerLines(offset: number): string[] {
    const { linked } = this;
    return [
      'role:slave',
      'master_host:127.0.0.1',
      `master_port:${this.of}`,
      `master_link_status:${linked ? 'up' : 'down'}`,
      `master_last_io_seconds_ago:${linked ? 0 : -1}`,
      'master_sync_in_progress:0',
      `slave_read_repl_offset:${offset}`,
      `slave_repl_offset:${offset}`,
      ...(linked ? [] : ['master_link_down_since_seconds:0']),
      'slave_priority:100',
      'slave_read_only:1',
      'replica_announced:1',
    ];
  }
}

const addressOf = ({ socket }: Client): string => `${socket.remoteAddress}:${socket.remotePort}`;

const newId = (): string => randomBytes(20).toString('hex');
