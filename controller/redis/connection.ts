import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { Redis } from 'ioredis';
import { answersPlainly } from './answers-plainly.ts';
import { isClosedByPeer, type NoAnswer, viewOfConnectError, viewOfErrorReply } from './classify-fault.ts';
import { Deadline } from './deadline.ts';
import { defaultTimeoutMs, type RedisNodeOptions } from './options.ts';

/** A connection as its server knows it. Ids begin anew when a server restarts: the address tells them apart. */
export interface ClientIdentity {
  readonly id: number;
  /** `ip:port` of our end. */
  readonly address: string;
}

export type Command = readonly [name: string, ...words: (string | number)[]];

/** What the server answered to one command: a value, or the text of its error reply, free of secrets. */
export type Answer = { readonly value: unknown } | { readonly error: string };

export type Answers =
  | { readonly kind: 'answered'; readonly answers: readonly Answer[] }
  /** The commands were sent, and the connection ended before all the answers were here. */
  | { readonly kind: 'lost' }
  /** The commands were sent, and no answer came in time: the connection has been ended. */
  | { readonly kind: 'late' }
  /** The commands were sent, and what came back is not Redis's protocol. */
  | { readonly kind: 'garbled' }
  /** Not one byte was sent. */
  | { readonly kind: 'notSent' };

/** What a connection is made with. */
export interface ConnectionTerms extends RedisNodeOptions {
  /** Out of `tls`; absent: without TLS. */
  readonly secure?: ConnectionOptions;
}

export type Opened =
  | { readonly kind: 'open'; readonly connection: Connection }
  | { readonly kind: 'none'; readonly view: NoAnswer }
  /** The other side took the connection and closed it before the login was answered. */
  | { readonly kind: 'closed' };

type Settled = 'connected' | 'failed' | 'plain' | 'late';

/** A way to send commands: what a claim needs of a connection. */
export interface Wire {
  readonly identity: ClientIdentity;
  isFormer: boolean;
  run(commands: readonly Command[], timeoutMs: number): Promise<Answers>;
}

/** One authenticated connection, used until it is lost: it never reconnects, queues or repeats anything. */
export class Connection implements Wire {
  readonly #redis: Redis;
  readonly #options: ConnectionTerms;
  #identity: ClientIdentity = { id: 0, address: '' };
  /** It logged in with the password before the present one. */
  isFormer = false;
  #error: unknown;
  #onLost: (() => void) | undefined;

  private constructor(options: ConnectionTerms) {
    this.#options = options;
    this.#redis = new Redis(ioredisOptions(options));
    this.#redis.on('error', (error) => {
      this.#error = error;
    });
    this.#redis.on('close', () => {
      const onLost = this.#onLost;
      this.#onLost = undefined;
      onLost?.();
    });
  }

  /**
   * Connects and logs in. `predecessor` is this adapter's connection before: the server ends it first, so that
   * nothing that was sent there can still take effect after something that is sent here.
   */
  static async open(options: ConnectionTerms, predecessor?: ClientIdentity): Promise<Opened> {
    const connection = new Connection(options);
    const deadline = new Deadline(options.connectTimeoutMs ?? defaultTimeoutMs);
    const connected = connection.#redis.connect().then(
      () => 'connected' as const,
      () => 'failed' as const,
    );
    const outcome = await connection.#settled(connected, deadline);
    if (outcome === 'connected') return connection.#logIn(predecessor, deadline);
    connection.close();
    if (outcome === 'late') return { kind: 'none', view: { state: 'silent' } };
    if (outcome === 'plain') return { kind: 'none', view: withoutTlsView };
    return connection.#whyFailed();
  }

  get identity(): ClientIdentity {
    return this.#identity;
  }

  get isOpen(): boolean {
    const { stream, status } = this.#redis;
    return status === 'ready' && stream.writable && !stream.destroyed;
  }

  /** Called once when the connection ends otherwise than by `close` or by a timeout. */
  set onLost(listener: () => void) {
    this.#onLost = listener;
  }

  /** Sends the commands in one write and gives their answers in order, one each. */
  run(commands: readonly Command[], timeoutMs: number): Promise<Answers> {
    // Only what passes here is ever written, and it is written at once.
    if (!this.isOpen || timeoutMs <= 0) return Promise.resolve({ kind: 'notSent' });
    const { promise, resolve } = Promise.withResolvers<Answers>();
    const timer = setTimeout(() => {
      this.close();
      resolve({ kind: 'late' });
    }, timeoutMs);
    const sent = this.#redis.pipeline(commands.map((command) => ['call', ...command])).exec();
    // Error replies do not reject a pipeline: each stands in its place.
    sent.then(
      (results) => resolve(this.#read(results ?? [])),
      () => resolve({ kind: 'lost' }),
    );
    return promise.finally(() => clearTimeout(timer));
  }

  /** Ends it now. ioredis's own disconnect() says goodbye first and waits 2 s for a peer that may be hung. */
  close(): void {
    this.#onLost = undefined;
    const stream: Socket | undefined = this.#redis.stream;
    if (stream === undefined) this.#redis.disconnect();
    else stream.destroy();
  }

  /** `plain`: by half of the time there was no TLS, and the server answers without it. */
  async #settled(connected: Promise<'connected' | 'failed'>, deadline: Deadline): Promise<Settled> {
    if (this.#options.secure === undefined) return deadline.race(connected, 'late');
    const soon = await new Deadline(deadline.left / 2).race(connected, 'late' as const);
    if (soon !== 'late') return soon;
    const given = new AbortController();
    const plain: Promise<Settled> = answersPlainly(this.#options, given.signal).then((yes) =>
      yes ? 'plain' : connected,
    );
    const outcome = await deadline.race<Settled, 'late'>(Promise.race([connected, plain]), 'late');
    given.abort();
    return outcome;
  }

  async #logIn(
    predecessor: ClientIdentity | undefined,
    deadline: Deadline,
    options: RedisNodeOptions = this.#options,
  ): Promise<Opened> {
    const reply = await this.run(logInCommands(options, predecessor), deadline.left);
    if (reply.kind === 'answered') {
      const fault = reply.answers.find((answer) => 'error' in answer);
      if (fault === undefined) {
        this.#identity = identityOf(reply.answers.at(-1));
        return { kind: 'open', connection: this };
      }
      const { formerPassword, ...rest } = this.#options;
      const refused = viewOfErrorReply(fault.error).state === 'unauthorised';
      if (refused && formerPassword !== undefined && !this.isFormer) {
        this.isFormer = true;
        return this.#logIn(predecessor, deadline, { ...rest, password: formerPassword });
      }
      this.close();
      return { kind: 'none', view: viewOfErrorReply(fault.error) };
    }
    this.close();
    // With TLS 1.3 a server refuses the client's certificate, or its absence, only after the handshake.
    if (reply.kind === 'lost') return this.#whyFailed();
    return { kind: 'none', view: reply.kind === 'garbled' ? garbledView : { state: 'silent' } };
  }

  #read(results: readonly [error: Error | null, result?: unknown][]): Answers {
    const answers: Answer[] = [];
    for (const [error, value] of results) {
      if (error === null) answers.push({ value });
      // The error object holds the command's words, a password among them: only its text goes on.
      else if (error.name === 'ReplyError') answers.push({ error: this.#redacted(error.message) });
      // ioredis's decoder gives its refusal no name of its own.
      else return { kind: error.message.startsWith('Unknown RESP type') ? 'garbled' : 'lost' };
    }
    return { kind: 'answered', answers };
  }

  #redacted(text: string): string {
    const { password, formerPassword } = this.#options;
    const once = password?.redact(text) ?? text;
    return formerPassword?.redact(once) ?? once;
  }

  #whyFailed(): Opened {
    if (this.#error === undefined || isClosedByPeer(this.#error)) return { kind: 'closed' };
    return { kind: 'none', view: viewOfConnectError(this.#error) };
  }
}

export const garbledView: NoAnswer = { state: 'unusable', detail: 'it does not speak the Redis protocol' };

const withoutTlsView: NoAnswer = {
  state: 'unusable',
  detail:
    'it does not speak TLS on this port: give its tls-port in spec.nodes[].redis.port, or take spec.redis.tls away',
};

function logInCommands(options: RedisNodeOptions, predecessor: ClientIdentity | undefined): Command[] {
  const { username, password, connectionName } = options;
  const commands: Command[] = [];
  if (password !== undefined)
    commands.push(['auth', ...(username === undefined ? [] : [username]), password.reveal()]);
  commands.push(['client', 'SETNAME', connectionName]);
  if (predecessor !== undefined)
    commands.push(['client', 'KILL', 'ID', predecessor.id, 'ADDR', predecessor.address]);
  commands.push(['client', 'INFO']);
  return commands;
}

/** CLIENT INFO, since 6.2: one line as CLIENT LIST has them. */
function identityOf(answer: Answer | undefined): ClientIdentity {
  const line = textOf(answer);
  return {
    id: Number(/\bid=(\d+)/.exec(line)?.[1] ?? 0),
    address: /\baddr=(\S+)/.exec(line)?.[1] ?? '',
  };
}

/** The text of a string answer; nothing for any other. */
export function textOf(answer: Answer | undefined): string {
  return answer !== undefined && 'value' in answer && typeof answer.value === 'string' ? answer.value : '';
}

/** The login is ours, not ioredis's: it keeps the password in its options and prints warnings. */
function ioredisOptions(options: ConnectionTerms) {
  const { host, port, secure } = options;
  return {
    host,
    port,
    // The flat replies that every version since 6.0 gives.
    protocol: 2 as const,
    lazyConnect: true,
    connectTimeout: options.connectTimeoutMs ?? defaultTimeoutMs,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    disableClientInfo: true,
    noDelay: true,
    keepAlive: 1_000,
    ...(secure && { tls: secure }),
  };
}
