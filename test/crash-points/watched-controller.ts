import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Status } from '../../crd/status.ts';
import { reapOnExit } from '../redis/reap-on-exit.ts';
import type { Order, Report } from './reports.ts';
import { RestWatch } from './rest-watch.ts';

/** One effect as it took place; `looks`: what the controller had seen when it decided on it. */
export type Effect = Omit<Extract<Report, { kind: 'effect' }>, 'kind'>;

/** The real controller in a process that tells of every effect, and can be killed after any of them. */
export class WatchedController {
  readonly #effects: Effect[] = [];
  readonly #child: ChildProcess;
  readonly #rest = new RestWatch();
  readonly #ended: Promise<NodeJS.Signals | null>;
  #held: () => void = () => undefined;
  #said = '';

  /** It loads at once, and begins when told to. */
  constructor(folder: string) {
    const program = join(import.meta.dirname, 'controller-child.ts');
    const child = spawn(process.execPath, [program, folder], { stdio: ['pipe', 'pipe', 'pipe'] });
    reapOnExit(child);
    this.#child = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
    // A process that was killed reads no more orders.
    child.stdin.on('error', () => undefined);
    createInterface(child.stdout).on('line', (line) => this.#note(JSON.parse(line) as Report));
    this.#ended = new Promise((resolve) => child.once('close', (_code, signal) => resolve(signal)));
  }

  /** In the order in which they were begun. */
  get effects(): readonly Effect[] {
    return this.#effects.toSorted((one, other) => one.turn - other.turn);
  }

  /** The one that was completed last. */
  get lastEffect(): Effect | undefined {
    return this.#effects.at(-1);
  }

  begin(order: Order = {}): void {
    this.#send({ run: 'start', ...order });
  }

  /**
   * Whether it came to rest, after `arrived`; false: it was killed first, as it was ordered. Throws when it ended
   * otherwise.
   */
  async atRest(goal: (status: Status) => boolean, arrived: Promise<void>): Promise<boolean> {
    const rest = arrived.then(() => this.#rest.atRest(goal));
    rest.catch(() => undefined);
    const killed = this.#ended.then((signal) => {
      if (signal !== 'SIGKILL') throw new Error(`the controller ended by itself:\n${this.#said}`);
      return false;
    });
    return Promise.race([rest.then(() => true), killed]);
  }

  /** Resolves when no look begins any more; one that is under way is finished by then. */
  async hold(): Promise<void> {
    const held = new Promise<void>((resolve) => {
      this.#held = resolve;
    });
    this.#send({ run: 'hold' });
    await held;
  }

  goOn(): void {
    this.#send({ run: 'goOn' });
  }

  async end(): Promise<void> {
    this.#send({ run: 'stop' });
    await this.#ended;
  }

  /** Ends it without ceremony, whatever it does. */
  async reap(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    this.#rest.close();
  }

  #send(order: object): void {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  #note(report: Report): void {
    if (report.kind === 'pass') this.#rest.note(report.pass);
    else if (report.kind === 'held') this.#held();
    else this.#effects.push(report);
  }
}
