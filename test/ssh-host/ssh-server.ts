import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { Secret } from '../../controller/secret.ts';
import type { SshLogin } from '../../controller/ssh-host/ssh-login.ts';

export interface KeyPair {
  readonly private: string;
  /** `ssh-ed25519 AAAA…` */
  readonly public: string;
}

export function newKey(type: 'ed25519' | 'ecdsa' = 'ed25519'): KeyPair {
  const pair =
    type === 'ed25519'
      ? ssh2.utils.generateKeyPairSync('ed25519')
      : ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
  // ssh2 1.17 now and then makes an ed25519 key that it cannot read itself.
  const isSound = [pair.private, pair.public].every((key) => !(ssh2.utils.parseKey(key) instanceof Error));
  return isSound ? { private: pair.private, public: pair.public } : newKey(type);
}

/** One command as it reached the server. */
export interface Arrival {
  readonly command: string;
  readonly channel: ServerChannel;
  /** What came on stdin until its end. */
  readonly stdin: Promise<string>;
  readonly connection: Connection;
}

export type Answer = (arrival: Arrival) => void | Promise<void>;

export interface SshServerOptions {
  /** What the server does with a command; without it, the shell runs it. */
  readonly answer?: Answer;
  readonly hostKeys?: readonly KeyPair[];
  /** Sessions per connection; more are refused as OpenSSH does. */
  readonly mostSessions?: number;
  /** So many connections are closed as soon as they come. */
  readonly turnedAway?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A real SSH server on loopback that keeps what it was told. */
export class SshServer {
  readonly clientKey = newKey();
  readonly hostKeys: readonly KeyPair[];
  /** Every command line that came, and every stdin. */
  readonly commands: string[] = [];
  readonly inputs: string[] = [];
  logins = 0;
  attempts = 0;
  /** The most sessions that were open at one time on one connection. */
  widest = 0;
  refusals = 0;
  answer: Answer;
  readonly #server: ssh2.Server;
  readonly #sockets = new Set<Socket>();
  readonly #children = new Set<ChildProcess>();
  readonly #options: SshServerOptions;

  private constructor(options: SshServerOptions) {
    this.#options = options;
    this.hostKeys = options.hostKeys ?? [newKey()];
    this.answer = options.answer ?? ((arrival) => this.shell(arrival));
    this.#server = new ssh2.Server({ hostKeys: this.hostKeys.map((key) => key.private) }, (connection) =>
      this.#welcome(connection),
    );
    // ssh2 does not tell of the socket below a connection.
    (this.#server as unknown as { _srv: NodeJS.EventEmitter })._srv.on('connection', (socket: Socket) => {
      this.attempts += 1;
      if (this.attempts <= (options.turnedAway ?? 0)) socket.destroy();
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(options: SshServerOptions = {}): Promise<SshServer> {
    const server = new SshServer(options);
    server.#server.listen(0, '127.0.0.1');
    await once((server.#server as unknown as { _srv: NodeJS.EventEmitter })._srv, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get knownHosts(): string {
    return this.hostKeys.map((key) => `[127.0.0.1]:${this.port} ${key.public}\n`).join('');
  }

  login(overrides: { user?: string; privateKey?: string; knownHosts?: string } = {}): SshLogin {
    const credentials = {
      privateKey: new Secret(overrides.privateKey ?? this.clientKey.private),
      knownHosts: overrides.knownHosts ?? this.knownHosts,
    };
    return {
      host: '127.0.0.1',
      port: this.port,
      user: overrides.user ?? 'root',
      read: async () => credentials,
      places: { privateKey: 'spec.ssh.privateKeyFrom', knownHosts: 'spec.ssh.knownHostsFrom' },
    };
  }

  /** Runs the command as sshd does: by the login shell, with a channel to its ends. */
  async shell({ command, channel, stdin }: Arrival): Promise<void> {
    const environment = { PATH: process.env.PATH ?? '', ...this.#options.environment };
    const child = spawn('/bin/sh', ['-c', command], { env: environment });
    this.#children.add(child);
    const closed = once(child, 'close');
    child.stdin.on('error', () => undefined);
    void stdin.then((text) => child.stdin.end(text));
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    const [code, signal] = await closed;
    this.#children.delete(child);
    if (typeof code === 'number') channel.exit(code);
    else channel.exit(String(signal).replace('SIG', ''), false, '');
    channel.end();
  }

  /** Ends every connection in the roughest way. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** From now on nothing is read any more: the other end looks dead, and its packets are taken all the same. */
  freeze(): void {
    for (const socket of this.#sockets) socket.pause();
  }

  async stop(): Promise<void> {
    this.cut();
    for (const child of this.#children) child.kill('SIGKILL');
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #welcome(connection: Connection): void {
    let open = 0;
    connection.on('error', () => undefined);
    connection.on('authentication', (attempt) => {
      const wanted = ssh2.utils.parseKey(this.clientKey.public);
      if (attempt.method !== 'publickey' || wanted instanceof Error) return attempt.reject(['publickey']);
      if (!attempt.key.data.equals(wanted.getPublicSSH())) return attempt.reject(['publickey']);
      attempt.accept();
    });
    connection.on('ready', () => {
      this.logins += 1;
    });
    connection.on('session', (accept, reject) => {
      if (open >= (this.#options.mostSessions ?? 10)) {
        this.refusals += 1;
        reject();
        return;
      }
      open += 1;
      this.widest = Math.max(this.widest, open);
      const session = accept();
      session.on('close', () => {
        open -= 1;
      });
      session.on('exec', (take, _refuse, { command }) => {
        const channel = take();
        channel.on('error', () => undefined);
        const stdin = new Promise<string>((resolve) => {
          const chunks: Buffer[] = [];
          channel.on('data', (chunk: Buffer) => chunks.push(chunk));
          channel.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
        });
        void stdin.then((text) => this.inputs.push(text));
        this.commands.push(command);
        void this.answer({ command, channel, stdin, connection });
      });
    });
  }
}

/** Answers with a text and an exit code. */
export function say(channel: ServerChannel, stdout: string, code = 0, stderr = ''): void {
  channel.stderr.write(stderr);
  channel.write(stdout);
  channel.exit(code);
  channel.end();
}
