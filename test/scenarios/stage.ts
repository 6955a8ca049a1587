import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseDocument, stringify } from 'yaml';
import type { Condition, ConditionType, Status } from '../../crd/status.ts';
import { describeStatus, StatusWatch } from '../demo/status-watch.ts';
import { monotonicMs } from '../lab/bot-log.ts';
import { attempt } from '../lab/command.ts';
import type { Lab } from '../lab/lab.ts';
import { until } from '../redis/until.ts';
import { Traffic } from '../traffic/traffic.ts';
import { actionText, ControllerRun, type LogLine, launcher } from './controller-run.ts';
import { type GroupOptions, groupDocument, nodeNames, redisUnit } from './group-document.ts';

const patienceMs = 40_000;
/** The actions that change who leads, or where bots run. */
const moves = ['promote', 'handOver', 'repoint', 'fence', 'startUnits', 'stopUnits', 'preserve'];
/** Whether an action, as `actionText` has it, is one of those. */
export const isMove = (action: string): boolean => moves.some((move) => action.startsWith(move));

const writers = 3;
const restMs = 2;

/** What an understudy command said: its exit code, and the document of --json. */
export interface CommandAnswer {
  readonly code: number;
  readonly document: Readonly<Record<string, unknown>>;
}

/** Where one scenario plays: two hosts, a controller on a third machine, writers that follow the primary. */
export class Stage {
  readonly lab: Lab;
  /** Holds all that is looked at when a scenario has failed. */
  readonly folder: string;
  readonly #log: LogLine[] = [];
  readonly #listeners = new Set<(line: LogLine) => void>();
  readonly #watch: StatusWatch;
  #controller: ControllerRun | undefined;
  #traffic: Traffic | undefined;

  constructor(lab: Lab, folder: string, options: GroupOptions = {}) {
    this.lab = lab;
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    writeFileSync(this.groupFile, stringify(groupDocument(lab, options)));
    this.#watch = new StatusWatch(this.statusFile);
  }

  get groupFile(): string {
    return join(this.folder, 'group.yaml');
  }

  get statusFile(): string {
    return join(this.folder, 'group.status.json');
  }

  /** The last that the controller has written. */
  get status(): Status {
    return this.#watch.latest;
  }

  get epoch(): number {
    return this.status.epoch ?? 0;
  }

  /** Everything the controllers have done so far, but for records of status. */
  get actions(): string[] {
    return this.#acted()
      .filter(({ action }) => action !== 'record')
      .map(actionText);
  }

  get traffic(): Traffic | undefined {
    return this.#traffic;
  }

  startController(): void {
    const argv = [launcher, 'run', '--file', this.groupFile];
    this.#controller = new ControllerRun(
      this.lab.enter(argv),
      join(this.folder, 'controller.log'),
      (line) => {
        this.#log.push(line);
        for (const listener of [...this.#listeners]) listener(line);
      },
    );
  }

  /** Its node process: what is entered and launched becomes it. */
  get controllerPid(): number {
    if (this.#controller === undefined) throw new Error('no controller was started');
    return this.#controller.pid;
  }

  async killController(): Promise<void> {
    await this.#controller?.kill();
  }

  async stopController(): Promise<void> {
    await this.#controller?.stop();
  }

  /** SIGKILLs the controller the moment that it logs such a line, or so much later, and resolves then. */
  async killControllerAt(what: string, isIt: (line: LogLine) => boolean, laterMs = 0): Promise<void> {
    const controller = this.#controller;
    const kill = () => void controller?.kill();
    await this.logged(what, isIt, () => (laterMs === 0 ? kill() : setTimeout(kill, laterMs)));
    await controller?.ended();
  }

  /** Resolves with the next line of the log that passes; `atOnce` is called before anything else happens. */
  logged(what: string, isIt: (line: LogLine) => boolean, atOnce?: () => void): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      const impatience = setTimeout(() => {
        this.#listeners.delete(look);
        reject(new Error(`waited ${patienceMs} ms in vain for ${what} in the log`));
      }, patienceMs);
      const look = (line: LogLine) => {
        if (!isIt(line)) return;
        atOnce?.();
        clearTimeout(impatience);
        this.#listeners.delete(look);
        resolve(line);
      };
      this.#listeners.add(look);
    });
  }

  /** Writers outside, at the controller's place, that follow the primary. Resolves with the first acknowledgement. */
  async startWriters(): Promise<void> {
    this.#traffic = await Traffic.start({
      endpoints: nodeNames.map((node) => ({ host: this.lab.address(node), port: 6379 })),
      password: readFileSync(this.lab.passwordFile, 'utf8'),
      behind: this.lab.enter([]),
      writers,
      restMs,
      client: { connectTimeoutMs: 500, commandTimeoutMs: 1_000 },
    });
  }

  condition(type: ConditionType, status: Status = this.status): Condition | undefined {
    return status.conditions?.find((condition) => condition.type === type);
  }

  /** Resolves with the first status that passes, the present one included. */
  async until(what: string, passes: (status: Status) => boolean, timeoutMs = patienceMs): Promise<Status> {
    try {
      return await this.#watch.until(passes, AbortSignal.timeout(timeoutMs));
    } catch (cause) {
      const seen = describeStatus(this.status);
      throw new Error(`waited ${timeoutMs} ms in vain until ${what}; status: ${seen}`, { cause });
    }
  }

  /** Resolves when this node leads and all is as it should be. */
  settled(primary: string, timeoutMs = patienceMs): Promise<Status> {
    return this.until(
      `${primary} leads and the group is Ready`,
      (status) =>
        status.currentPrimary === primary &&
        status.transition === undefined &&
        this.condition('Ready', status)?.status === 'True',
      timeoutMs,
    );
  }

  /** Resolves when this node leads and the bots run there, though not all may be well: its replica may be down. */
  tookOver(primary: string, timeoutMs = patienceMs): Promise<Status> {
    return this.until(
      `${primary} leads with the bots beside it`,
      (status) =>
        status.currentPrimary === primary &&
        status.transition === undefined &&
        this.condition('UnitsPlaced', status)?.status === 'True',
      timeoutMs,
    );
  }

  /** Resolves when writers outside were acknowledged so many more writes. */
  async written(more = 200): Promise<void> {
    const report = await this.#traffic?.report();
    await this.#traffic?.acked((report?.ackedWrites ?? 0) + more);
  }

  /** Plays on for a while in which nothing may move: no role, no unit. Throws when something did. */
  async nothingMoves(ms: number): Promise<void> {
    const moved = (await this.doneWithin(ms)).filter(isMove);
    if (moved.length > 0) throw new Error(`moved what had to stay: ${moved.join(', ')}`);
  }

  /** Resolves when a condition is this, for this reason. */
  said(type: ConditionType, reason: string, timeoutMs = patienceMs): Promise<Status> {
    const isSo = (status: Status) => this.condition(type, status)?.reason === reason;
    return this.until(`${type} says ${reason}`, isSo, timeoutMs);
  }

  /** What the controllers did in the next while: where nothing may happen, there is nothing else to await. */
  async doneWithin(ms: number): Promise<string[]> {
    const before = this.#acted().length;
    await delay(ms);
    return this.#acted().slice(before).map(actionText);
  }

  /** Runs an understudy command where the controller is, as its operator does. */
  async understudy(...words: string[]): Promise<CommandAnswer> {
    const argv = [launcher, '--file', this.groupFile, ...words, '--json'];
    const { code, stdout, stderr } = await attempt(this.lab.enter(argv));
    try {
      return { code, document: JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') };
    } catch {
      return { code, document: { message: stderr.trim() } };
    }
  }

  /** As `understudy`; an exit code other than 0 is an error. */
  async command(...words: string[]): Promise<void> {
    const { code, document } = await this.understudy(...words);
    if (code !== 0)
      throw new Error(`understudy ${words.join(' ')}: exit ${code}: ${JSON.stringify(document)}`);
  }

  /** Edits the group's file as an editor does: a new file, renamed over the old. */
  edit(path: readonly string[], value: unknown): void {
    const document = parseDocument(readFileSync(this.groupFile, 'utf8'));
    document.setIn(path, value);
    const draft = join(this.folder, '.group.yaml.edited');
    writeFileSync(draft, document.toString());
    renameSync(draft, this.groupFile);
  }

  /** Runs a shell command on a host, as from its console. Resolves to what it printed. */
  async on(node: string, command: string): Promise<string> {
    const { code, stdout, stderr } = await this.lab.console(node, ['sh', '-c', command]);
    if (code !== 0) throw new Error(`${command} on ${node}: exit ${code}: ${stderr.trim()}`);
    return stdout.trim();
  }

  /** Resolves when a host's Redis says this of itself in INFO. */
  async redisSays(node: string, text: string): Promise<void> {
    await until(`Redis of ${node} says ${text}`, async () =>
      this.lab.redis(node, 'INFO').then(
        (info) => info.includes(text),
        () => false,
      ),
    );
  }

  /** Redis's unit as FailoverReady wants it: it stays down when it has crashed. */
  async keepRedisDown(): Promise<void> {
    for (const node of nodeNames) await this.dropIn(node, redisUnit, '[Service]\nRestart=no\n');
  }

  async dropIn(node: string, unit: string, text: string): Promise<void> {
    const folder = `/etc/systemd/system/${unit}.d`;
    await this.on(
      node,
      `mkdir -p ${folder} && printf '${text.replaceAll('\n', '\\n')}' >${folder}/scenario.conf && systemctl daemon-reload`,
    );
  }

  /** SIGKILLs the process of a unit. Resolves to when (`monotonicMs()`). */
  async crash(node: string, unit: string): Promise<number> {
    const sinceMs = monotonicMs();
    await this.on(node, `systemctl kill --signal=KILL --kill-whom=main ${unit}`);
    return sinceMs;
  }

  /** Ends everything that this process started. */
  async close(): Promise<void> {
    await this.#controller?.stop();
    await this.#traffic?.close();
    this.#watch.close();
  }

  #acted(): LogLine[] {
    return this.#log.filter(({ msg }) => msg === 'acted');
  }
}
