import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalHost } from '../../controller/local-host/local-host.ts';
import type { Status } from '../../crd/status.ts';
import { reapOnExit } from '../redis/reap-on-exit.ts';
import type { RedisPair } from '../redis/redis-pair.ts';
import { startPair } from '../redis/redis-pair.ts';
import { until } from '../redis/until.ts';

const unit = 'bot.service';
const main = join(import.meta.dirname, '../../controller/main.ts');

export interface StageOptions {
  /** Further lines of spec, two spaces deep. */
  readonly spec?: string;
  /** Whether a unit runs beside the primary. */
  readonly unit?: boolean;
}

/** How a command ended and all that it said. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A real pair, the group's file, and the command as people run it. */
export class GroupStage {
  readonly pair: RedisPair;
  readonly folder: string;
  readonly #unitNodes: string[] = [];
  #controller: ChildProcess | undefined;
  /** All that the controller has logged. */
  log = '';

  private constructor(pair: RedisPair, folder: string) {
    this.pair = pair;
    this.folder = folder;
  }

  static async start(options: StageOptions = {}): Promise<GroupStage> {
    const pair = await startPair();
    const stage = new GroupStage(pair, await mkdtemp(join(tmpdir(), 'understudy-command-')));
    await writeFile(join(stage.folder, 'password'), `${pair.primary.password}\n`, { mode: 0o600 });
    if (options.unit === true) await stage.#writeUnits();
    await writeFile(stage.file, groupText(stage, options));
    return stage;
  }

  get file(): string {
    return join(this.folder, 'group.yaml');
  }

  get controllerPid(): number {
    return this.#controller?.pid ?? Number.NaN;
  }

  /** Runs a command to its end. */
  async command(...words: readonly string[]): Promise<Ended> {
    return runCommandLine(['--file', this.file, ...words]);
  }

  async status(): Promise<Status> {
    const text = await readFile(join(this.folder, 'group.status.json'), 'utf8').catch(() => '{"status":{}}');
    return (JSON.parse(text) as { status: Status }).status;
  }

  /** Starts `understudy run`; resolves when the group is ready. */
  async runController(): Promise<void> {
    const child = spawn(process.execPath, [main, 'run', '--file', this.file, '--probe-ms', '100'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    reapOnExit(child);
    this.#controller = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
    await this.untilStatus('the group to be ready', ({ conditions }) =>
      conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
    );
  }

  async untilStatus(what: string, passes: (status: Status) => boolean | undefined): Promise<Status> {
    return until(`${what}; log:\n${this.log}`, async () => {
      const status = await this.status();
      return passes(status) === true && status;
    });
  }

  signalController(signal: NodeJS.Signals): void {
    this.#controller?.kill(signal);
  }

  /** Ends the controller by SIGTERM; its exit code. */
  async endController(): Promise<number | null> {
    const child = this.#controller;
    if (child === undefined) return null;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    return exited;
  }

  async stop(): Promise<void> {
    await this.endController();
    // Units outlive their controller.
    for (const node of this.#unitNodes) await this.#stopUnit(node);
    await this.pair.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #stopUnit(node: string): Promise<void> {
    const directory = join(this.folder, node);
    const host = new LocalHost({ directory, units: [unit], redisUnit: 'redis-server.service' });
    const outcome = await host.stopUnits([unit], Number.MAX_SAFE_INTEGER);
    host.close();
    if (outcome.kind !== 'done') throw new Error(`${unit} on ${node} was not stopped: ${outcome.message}`);
  }

  async #writeUnits(): Promise<void> {
    for (const node of ['a', 'b']) {
      this.#unitNodes.push(node);
      await mkdir(join(this.folder, node));
      await writeFile(join(this.folder, node, unit), '[Service]\nExecStart=/bin/sleep 1000\n');
    }
  }
}

/** Runs `understudy` with these words to its end. */
export async function runCommandLine(words: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  reapOnExit(child);
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...said };
}

function groupText({ pair, folder }: GroupStage, { spec = '', unit: hasUnit = false }: StageOptions): string {
  const node = (name: string, { host, port }: { host: string; port: number }) => {
    const local = hasUnit ? `\n      local: { directory: ${join(folder, name)} }` : '';
    return `    - name: ${name}\n      redis: { host: ${host}, port: ${port} }${local}`;
  };
  return `apiVersion: understudy.dev/v1alpha1
kind: FailoverGroup
metadata:
  name: stage
spec:
  primary: a # who leads
  nodes:
${node('a', pair.primary)}
${node('b', pair.replica)}
  redis:
    auth: { passwordFrom: { file: ${join(folder, 'password')} } } # kept out of here
${hasUnit ? '  units:\n    - name: bot.service\n' : ''}${spec}`;
}
