import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { reapOnExit } from '../redis/reap-on-exit.ts';
import {
  type ClientSettings,
  DEFAULT_BACKOFF_MS,
  type Endpoint,
  type SentinelDiscovery,
} from './endpoint-client.ts';
import type { Window } from './gap.ts';
import type { TrafficReply, TrafficReport, TrafficRequest } from './traffic-protocol.ts';
import type { OnUnknown } from './writer.ts';

export interface TrafficOptions {
  endpoints: readonly Endpoint[];
  /** Present: the clients find the primary through these, as ClientSettings says. */
  sentinels?: SentinelDiscovery;
  password?: string;
  /** Absent: 4. */
  writers?: number;
  /** Absent: skip. */
  onUnknown?: OnUnknown;
  /** How long a writer rests after each acknowledgement, in ms; absent: not at all. */
  restMs?: number;
  /** The argv that the writer process is started behind: `nsenter --net=…` puts it somewhere else in the network. */
  behind?: readonly string[];
  /** Overrides of how the clients reconnect; give every contender the same. */
  client?: Partial<Omit<ClientSettings, 'endpoints' | 'sentinels' | 'password'>>;
}

type Question =
  | { kind: 'whenAcked'; total: number }
  | { kind: 'report'; window: Partial<Window> }
  | { kind: 'stop' };

/** A large nursery: fewer and shorter collections, which would be measured as gaps of up to 10 ms. */
const YOUNG_GENERATION = '--max-semi-space-size=64';

/**
 * Concurrent writers in a process of their own. Every time is monotonicMs(), in both processes: to mark a moment,
 * the caller takes the time itself, and asks for a report over a window afterwards.
 */
export class Traffic {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<
    number,
    { resolve: (reply: TrafficReply) => void; reject: (error: Error) => void }
  >();
  #lastId = 0;
  #stopped = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (reply: TrafficReply) => {
      this.#waiting.get(reply.id)?.resolve(reply);
      this.#waiting.delete(reply.id);
    });
    child.once('exit', (code, signal) => {
      const error = new Error(`the writer process ended early (${code ?? signal})`);
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
  }

  /** Resolves when the first write has been acknowledged. */
  static async start(options: TrafficOptions): Promise<Traffic> {
    const node = [process.execPath, ...process.execArgv, YOUNG_GENERATION];
    const [execPath = process.execPath, ...execArgv] = [...(options.behind ?? []), ...node];
    const child = fork(join(import.meta.dirname, 'writer-process.ts'), { execPath, execArgv });
    reapOnExit(child);
    const traffic = new Traffic(child);
    const client: ClientSettings = {
      endpoints: options.endpoints.map(({ host, port }) => ({ host, port })),
      ...(options.sentinels && { sentinels: options.sentinels }),
      ...(options.password && { password: options.password }),
      backoffMs: DEFAULT_BACKOFF_MS,
      connectTimeoutMs: 1_000,
      commandTimeoutMs: 3_000,
      ...options.client,
    };
    const settings = {
      writers: options.writers ?? 4,
      client,
      onUnknown: options.onUnknown ?? 'skip',
      restMs: options.restMs ?? 0,
    };
    child.send({ kind: 'start', settings } satisfies TrafficRequest);
    await traffic.acked(1);
    return traffic;
  }

  /** Resolves when so many writes, counted from the start, have been acknowledged. */
  async acked(total: number): Promise<void> {
    await this.#ask({ kind: 'whenAcked', total });
  }

  /** What the writers saw from `from` (absent: the first acknowledgement) to `to` (absent: now). */
  async report(window: Partial<Window> = {}): Promise<TrafficReport> {
    const reply = await this.#ask({ kind: 'report', window });
    if (reply.kind !== 'report') throw new Error(`asked for a report, got ${reply.kind}`);
    return reply.report;
  }

  /** Ends the writing; report() still answers until close(). */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.#ask({ kind: 'stop' });
  }

  /** Ends the process. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await exited;
  }

  #ask(question: Question): Promise<TrafficReply> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ ...question, id } satisfies TrafficRequest, (error) => {
        if (error !== null) reject(error);
      });
    });
  }
}
