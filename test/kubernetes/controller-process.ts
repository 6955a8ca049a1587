import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, on } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { reapOnExit } from '../redis/reap-on-exit.ts';

const main = join(import.meta.dirname, '../../controller/main.ts');
const sourceAddress = join(import.meta.dirname, 'source-address.ts');
/** A line that comes at all comes within this (ms), on a machine that is shared with others. */
const patienceMs = 60_000;

export interface ControllerTerms {
  readonly kubeconfig: string;
  readonly leaseNamespace: string;
  /** Only this one's groups; absent: the whole cluster. */
  readonly namespace?: string;
  readonly identity: string;
  /** The loopback address that its connections come from, so that what they did is known to be its doing. */
  readonly address?: string;
  readonly probeMs?: number;
  /** The argv that it is started behind: `nsenter --net=…` puts it somewhere else in the network. */
  readonly behind?: readonly string[];
}

/** One line of the log, as controller/telemetry/log.ts writes it. */
export interface LogLine {
  readonly level: number;
  readonly time: string;
  readonly msg: string;
  readonly group?: string;
  readonly action?: string;
  readonly node?: string;
  readonly epoch?: number;
  readonly outcome?: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly ms?: number;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

type Fits = (line: LogLine) => boolean;

/** The real controller in a cluster, as a pod runs it: `understudy run --kubernetes`. */
export class ControllerProcess {
  readonly identity: string;
  readonly address: string;
  /** All that it has logged. */
  readonly lines: LogLine[] = [];
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #news = new EventEmitter<{ line: [] }>();

  private constructor(child: ChildProcess, { identity, address = '127.0.0.1' }: ControllerTerms) {
    this.#child = child;
    this.identity = identity;
    this.address = address;
    this.#news.setMaxListeners(0);
    this.ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
    if (child.stderr === null) throw new Error('the controller was started without its stderr');
    createInterface({ input: child.stderr }).on('line', (text) => {
      this.lines.push(read(text));
      this.#news.emit('line');
    });
  }

  static start(terms: ControllerTerms): ControllerProcess {
    const words = [
      ...['run', '--kubernetes', '--kubeconfig', terms.kubeconfig, '--identity', terms.identity],
      ...['--lease-namespace', terms.leaseNamespace, '--http', '127.0.0.1:0'],
      ...(terms.namespace === undefined ? [] : ['--namespace', terms.namespace]),
      ...(terms.probeMs === undefined ? [] : ['--probe-ms', String(terms.probeMs)]),
    ];
    const marked = terms.address === undefined ? [] : ['--import', sourceAddress];
    const env = { ...process.env, ...(terms.address && { UNDERSTUDY_TEST_ADDRESS: terms.address }) };
    const argv = [...(terms.behind ?? []), process.execPath, ...marked, main, ...words];
    const [program = process.execPath, ...args] = argv;
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env,
    });
    reapOnExit(child);
    return new ControllerProcess(child, terms);
  }

  /** How many lines there are: what is asked for from here on is news. */
  get mark(): number {
    return this.lines.length;
  }

  since(mark: number): readonly LogLine[] {
    return this.lines.slice(mark);
  }

  /** The first line that fits, from `mark` on; comes at once when it is there. Throws with the log when it does not come. */
  async line(what: string, fits: Fits, { mark = 0, timeoutMs = patienceMs } = {}): Promise<LogLine> {
    const gone = new AbortController();
    void this.ended.then(() => gone.abort());
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), gone.signal]);
    const found = (): LogLine | undefined => this.since(mark).find(fits);
    try {
      const news = on(this.#news, 'line', { signal });
      const there = found();
      if (there !== undefined) return there;
      for await (const _ of news) {
        const line = found();
        if (line !== undefined) return line;
      }
    } catch {
      const line = found();
      if (line !== undefined) return line;
    }
    throw new Error(`${this.identity} did not log in time: ${what}\n${this.logTail()}`);
  }

  async leads(mark = 0): Promise<LogLine> {
    return this.line('leading', ({ msg }) => msg === 'leading', { mark });
  }

  async follows(mark = 0): Promise<LogLine> {
    return this.line('following', ({ msg }) => msg === 'following', { mark });
  }

  /** Its port of healthz, readyz and metrics. */
  async httpPort(): Promise<number> {
    const { detail = '' } = await this.line('started', ({ msg }) => msg === 'started');
    return Number(/http port (\d+)/.exec(detail)?.[1]);
  }

  /** A metric of its own, with its labels as they stand there; undefined when it is not there. */
  async metric(name: string): Promise<number | undefined> {
    const response = await fetch(`http://127.0.0.1:${await this.httpPort()}/metrics`);
    const line = (await response.text()).split('\n').find((one) => one.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length + 1));
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** As a cluster ends a pod. */
  async stop(): Promise<Ended> {
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGTERM');
    return this.ended;
  }

  logTail(lines = 40): string {
    return this.lines
      .slice(-lines)
      .map((line) => `  ${this.identity}: ${JSON.stringify(line)}`)
      .join('\n');
  }
}

/** It carried the action out. */
export function acted(action: string, outcome = 'done'): Fits {
  return (line) => line.msg === 'acted' && line.action === action && line.outcome === outcome;
}

/** What is no JSON (a crash's last words) is kept too. */
function read(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { level: 0, time: '', msg: text };
  }
}
