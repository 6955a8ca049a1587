import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { NodeSSH, SSHExecCommandResponse } from 'node-ssh';
import type { ClientChannel } from 'ssh2';
import { Deadline } from '../redis/deadline.ts';
import { ChannelSlots } from './channel-slots.ts';
import { remoteText } from './remote-text.ts';

export interface Command {
  readonly command: string;
  readonly stdin?: string;
  /** No longer than this (ms), waiting for a free channel included. */
  readonly limitMs: number;
}

/** What came of a command. */
export type Ran =
  | {
      readonly kind: 'ended';
      readonly code: number;
      readonly stdout: string;
      readonly stderr: string;
      /** On the monotonic clock (performance.now), when it was sent and when its end was heard. */
      readonly sentAt: number;
      readonly heardAt: number;
    }
  /** Lost, or not ended in time: it may have run, or run still. */
  | { readonly kind: 'lost'; readonly detail: string };

/** OpenSSH takes 10 sessions a connection (MaxSessions) and hosts are often set to fewer. */
const mostChannels = 4;
/** SSH_OPEN_CONNECT_FAILED (RFC 4254, 5.1): OpenSSH says so when it has no session left. */
const openFailed = 2;
const retryMs = 20;
const mostOutputBytes = 1_048_576;

/** One connection that is logged in. It ends once and does not come back. */
export class SshSession {
  readonly #ssh: NodeSSH;
  readonly #socket: Socket;
  readonly #slots = new ChannelSlots(mostChannels);
  /** Resolves when the connection has ended, whoever ended it. */
  readonly ended: Promise<'ended'>;
  isOpen = true;

  constructor(ssh: NodeSSH, socket: Socket) {
    this.#ssh = ssh;
    this.#socket = socket;
    this.ended = new Promise((resolve) => {
      const end = () => {
        this.isOpen = false;
        resolve('ended');
      };
      if (socket.destroyed) end();
      else socket.once('close', end);
    });
  }

  /** Runs a command line. Never rejects. */
  async run({ command, stdin, limitMs }: Command): Promise<Ran> {
    const deadline = new Deadline(limitMs);
    const place = this.#slots.take();
    const got = await deadline.race(
      Promise.race([place.then(() => 'free' as const), this.ended]),
      'late' as const,
    );
    if (got !== 'free') {
      void place.then(() => this.#slots.give());
      return lost(got === 'late' ? 'its connection was busy all the time' : 'the connection was lost');
    }
    try {
      return await this.#within(deadline, command, stdin);
    } finally {
      this.#slots.give();
    }
  }

  close(): void {
    this.isOpen = false;
    this.#socket.destroy();
  }

  async #within(deadline: Deadline, command: string, stdin: string | undefined): Promise<Ran> {
    for (;;) {
      const heardBefore = this.#socket.bytesRead;
      const channels: ClientChannel[] = [];
      const sentAt = performance.now();
      const running = this.#execute(command, stdin, channels);
      const result = await deadline.race(running, 'late' as const);
      if (result === 'late') {
        this.#abandon(channels, heardBefore);
        return lost('there was no answer in time');
      }
      if (result === 'busy') {
        await delay(Math.min(retryMs, deadline.left));
        if (deadline.left > 0) continue;
        return lost('the host opens no further session on the connection');
      }
      if ('kind' in result) return result;
      const { code, signal, stdout, stderr } = result;
      // So node-ssh tells of a connection that was lost in the middle, too.
      if (code === null)
        return lost(signal === null ? 'the connection was lost' : `it was ended by ${signal}`);
      return {
        kind: 'ended',
        code,
        stdout: utf8(stdout),
        stderr: utf8(stderr),
        sentAt,
        heardAt: performance.now(),
      };
    }
  }

  async #execute(
    command: string,
    stdin: string | undefined,
    channels: ClientChannel[],
  ): Promise<SSHExecCommandResponse | Ran | 'busy'> {
    let bytes = 0;
    const count = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > mostOutputBytes) for (const channel of channels) channel.destroy();
    };
    try {
      const result = await this.#ssh.execCommand(command, {
        ...(stdin === undefined ? {} : { stdin }),
        // Decoded once at the end: a character may be torn between two chunks.
        encoding: 'latin1',
        noTrim: true,
        onStdout: count,
        onStderr: count,
        onChannel: (channel) => {
          channel.on('error', () => undefined);
          channels.push(channel);
        },
      });
      // Its end may have been on the way already when the channel was given up.
      return bytes > mostOutputBytes ? lost(`it said more than ${mostOutputBytes} bytes`) : result;
    } catch (cause) {
      if ((cause as { reason?: number }).reason === openFailed) return 'busy';
      return lost(cause instanceof Error ? remoteText(cause.message) : 'the connection was lost');
    }
  }

  /** A connection on which nothing came back is taken for dead, unless others wait on it, too. */
  #abandon(channels: readonly ClientChannel[], heardBefore: number): void {
    if (this.#slots.taken <= 1 || this.#socket.bytesRead === heardBefore) this.close();
    else for (const channel of channels) channel.close();
  }
}

const lost = (detail: string): Ran => ({ kind: 'lost', detail });

const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');
