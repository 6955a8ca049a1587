import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument, stringify } from 'yaml';
import { stopUnit } from '../../../controller/local-host/unit-control.ts';
import { reapOnExit } from '../../redis/reap-on-exit.ts';
import type { RedisPair } from '../../redis/redis-pair.ts';
import type { CrashContender, HandoverContender } from '../contender.ts';
import { groupDocument, type NodeName } from './group-document.ts';
import { readStatus, type SeenStatus, untilStatus } from './status-file.ts';

const UNDERSTUDY = join(import.meta.dirname, '../../../deploy/understudy');
const nodes: readonly NodeName[] = ['a', 'b'];
const TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;
const LOG_LINES = 30;

/** Our own controller, run as an operator runs it: a process, a YAML file, and its status beside it. */
export class Understudy implements HandoverContender, CrashContender {
  readonly #units: readonly string[];
  #directory = '';
  #child: ChildProcess | undefined;
  #log: string[] = [];
  readonly #ended = new AbortController();

  /** `units`: what runs beside the primary, if anything: programs that do nothing. */
  constructor(units: readonly string[] = []) {
    this.#units = units;
  }

  async setUp(pair: RedisPair): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), 'understudy-bench-'));
    const passwordFile = join(this.#directory, 'password');
    await writeFile(passwordFile, pair.primary.password, { mode: 0o600 });
    for (const node of nodes) await this.#furnish(join(this.#directory, node));
    await writeFile(
      this.#groupFile,
      stringify(groupDocument(pair, { passwordFile, folder: this.#directory, units: this.#units })),
    );
    this.#launch();
    await this.#until('a', () => true);
  }

  /** The folder of the group's file, its status and its hosts. */
  get directory(): string {
    return this.#directory;
  }

  async #furnish(folder: string): Promise<void> {
    await mkdir(folder);
    for (const unit of this.#units)
      await writeFile(join(folder, unit), '[Service]\nExecStart=/bin/sleep infinity\n');
  }

  /** The pid of the controller, for those who measure it. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Edits spec.primary as an operator's editor does: a new file, renamed over the old one. */
  async handOver(): Promise<void> {
    const document = parseDocument(await readFile(this.#groupFile, 'utf8'));
    document.setIn(['spec', 'primary'], 'b' satisfies NodeName);
    const edited = join(this.#directory, '.group.yaml.edited');
    await writeFile(edited, document.toString());
    await rename(edited, this.#groupFile);
    await this.#until('b', (status) => status.transition === undefined);
  }

  async recovered(): Promise<{ detectMs: number }> {
    const done = (status: SeenStatus) => status.transition === undefined && status.lastTransition?.to === 'b';
    const { lastTransition } = await this.#until('b', done);
    return { detectMs: (lastTransition?.detectSeconds ?? Number.NaN) * 1_000 };
  }

  async tearDown(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(impatience);
    }
    for (const node of nodes)
      for (const unit of this.#units) await stopUnit(join(this.#directory, node), unit);
    if (this.#directory !== '') await rm(this.#directory, { recursive: true, force: true });
  }

  get #groupFile(): string {
    return join(this.#directory, 'group.yaml');
  }

  get #statusFile(): string {
    return join(this.#directory, 'group.status.json');
  }

  #launch(): void {
    const child = spawn(UNDERSTUDY, ['run', '--file', this.#groupFile], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    reapOnExit(child);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log = [...this.#log, ...text.trimEnd().split('\n')].slice(-LOG_LINES);
    });
    child.once('exit', (code, signal) => {
      this.#ended.abort(new Error(`the controller ended (${code ?? signal}):\n${this.#log.join('\n')}`));
    });
  }

  /** Waits for a status with this primary that passes; at first also for the group to be Ready. */
  async #until(primary: NodeName, passes: (status: SeenStatus) => boolean): Promise<SeenStatus> {
    const ready = (status: SeenStatus) =>
      primary === 'b' ||
      (status.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');
    const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      return await untilStatus(
        this.#statusFile,
        (status) => status.currentPrimary === primary && ready(status) && passes(status),
        signal,
      );
    } catch (cause) {
      const seen = JSON.stringify(await readStatus(this.#statusFile));
      const log = this.#log.join('\n');
      throw new Error(`understudy did not get there; status ${seen}; log:\n${log}`, { cause });
    }
  }
}
