import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startUnit } from '../../controller/local-host/unit-control.ts';
import type { BotSettings } from '../demo/bot-settings.ts';
import { endProcessesOf, killProcessesOf } from '../demo/own-processes.ts';
import { closeAdmin, connectAdmin, type RedisAddress } from '../redis/admin-connection.ts';
import { freePort } from '../redis/free-port.ts';
import { info } from '../redis/info.ts';
import { redisBinary } from '../redis/redis-binary.ts';
import { Door, type Weather } from './door.ts';

export const redisUnit = 'redis-server.service';
export const bots = ['equity-bot', 'crypto-bot'] as const;
/** Who comes to a door and is no node. */
export const controllerName = 'controller';
/** How long (ms) an order of the chaos to a server may take: it may hang, too. */
const connectMs = 2_000;

export interface Wanted {
  readonly primary: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly paused: boolean;
}

type Admin = Awaited<ReturnType<typeof connectAdmin>>;

interface Ports {
  /** Where Redis itself listens. Writers and bots go there. */
  readonly redis: number;
  /** Where the controller and the other nodes reach it. */
  readonly door: number;
}

/** Real Redis servers and bots in a folder of their own, with a network between all of them that can be disturbed. */
export class ChaosStage {
  readonly folder: string;
  readonly nodes: readonly string[];
  readonly password: string;
  wanted: Wanted;
  readonly #ports = new Map<string, Ports>();
  readonly #doors = new Map<string, Door>();
  readonly #onExit: () => void;

  private constructor(folder: string, nodes: readonly string[]) {
    this.folder = folder;
    this.nodes = nodes;
    this.password = randomBytes(16).toString('hex');
    this.wanted = { primary: nodes[0] ?? '', annotations: {}, paused: false };
    this.#onExit = () => killProcessesOf(folder);
    process.on('exit', this.#onExit);
  }

  /** All servers run and know nothing of each other; no controller has ever looked. */
  static async raise(size: 2 | 3): Promise<ChaosStage> {
    const folder = await mkdtemp(join(tmpdir(), 'understudy-chaos-'));
    const stage = new ChaosStage(folder, ['a', 'b', 'c'].slice(0, size));
    for (const node of stage.nodes)
      stage.#ports.set(node, { redis: await freePort(), door: await freePort() });
    await mkdir(stage.records);
    await writeFile(join(folder, 'password'), `${stage.password}\n`, { mode: 0o600 });
    await stage.ask({});
    for (const node of stage.nodes) await stage.#writeNode(node);
    for (const node of stage.nodes) {
      await stage.startRedis(node);
      closeAdmin(await connectAdmin(stage.address(node)));
      const { redis: target, door: own } = stage.#portsOf(node);
      stage.#doors.set(
        node,
        Door.open({ target, own }, (address) => stage.#whoIs(address)),
      );
    }
    return stage;
  }

  get groupFile(): string {
    return join(this.folder, 'group.yaml');
  }

  get statusFile(): string {
    return join(this.folder, 'group.status.json');
  }

  get records(): string {
    return join(this.folder, 'records');
  }

  get ackFile(): string {
    return join(this.folder, 'acknowledged.log');
  }

  units(node: string): string {
    return join(this.folder, node, 'units');
  }

  data(node: string): string {
    return join(this.folder, node, 'redis');
  }

  configFile(node: string): string {
    return join(this.folder, node, 'redis.conf');
  }

  /** As long as this file is there, the node's bots do not end when they are told to. */
  deafFile(node: string): string {
    return join(this.folder, node, 'deaf');
  }

  /** Where the controller and the other nodes reach it. */
  doorPort(node: string): number {
    return this.#portsOf(node).door;
  }

  /** Of the server itself, past its door. */
  address(node: string): Required<RedisAddress> {
    return { host: '127.0.0.1', port: this.#portsOf(node).redis, password: this.password };
  }

  weather(node: string, source: string, weather: Partial<Weather>): void {
    this.#doors.get(node)?.weather(source, weather);
  }

  /** What is on its way from there to the node, or back, is lost. */
  drop(node: string, source: string): void {
    this.#doors.get(node)?.drop(source);
  }

  /** On a connection of its own; rejects when the server does not let it in. */
  async admin<T>(node: string, work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = await connectAdmin(this.address(node), { timeoutMs: connectMs });
    try {
      return await work(admin);
    } finally {
      closeAdmin(admin);
    }
  }

  async info(node: string): Promise<Record<string, string>> {
    return this.admin(node, async (admin) => info(admin, 'everything'));
  }

  startRedis(node: string): Promise<void> {
    return startUnit(this.units(node), redisUnit);
  }

  /** As an editor writes: a new file, renamed over the old one. */
  async ask(change: Partial<Wanted>): Promise<void> {
    this.wanted = { ...this.wanted, ...change };
    await writeFile(`${this.groupFile}.new`, `${JSON.stringify(this.#document(), null, 2)}\n`);
    await rename(`${this.groupFile}.new`, this.groupFile);
  }

  /** Ends all that runs in the folder, and removes it unless it is to be looked at. */
  async strike(keep: boolean): Promise<void> {
    for (const door of this.#doors.values()) door.close();
    await endProcessesOf(this.folder, 0);
    if (!keep) await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
    process.off('exit', this.#onExit);
  }

  #portsOf(node: string): Ports {
    const ports = this.#ports.get(node);
    if (ports === undefined) throw new Error(`there is no node ${node}`);
    return ports;
  }

  #whoIs(address: string): string {
    return this.nodes.find((node) => this.#sourceOf(node) === address) ?? controllerName;
  }

  /** What a node connects to others from. */
  #sourceOf(node: string): string {
    return `127.0.0.${11 + this.nodes.indexOf(node)}`;
  }

  #document(): unknown {
    const { primary, annotations, paused } = this.wanted;
    return {
      apiVersion: 'understudy.dev/v1alpha1',
      kind: 'FailoverGroup',
      metadata: { name: 'chaos', annotations },
      spec: {
        primary,
        paused,
        nodes: this.nodes.map((name) => ({
          name,
          redis: { host: '127.0.0.1', port: this.#portsOf(name).door },
          local: { directory: this.units(name) },
        })),
        redis: {
          auth: { passwordFrom: { file: join(this.folder, 'password') } },
          unit: redisUnit,
          // Redis waits 5 s before a full sync otherwise, for more replicas to come.
          config: { 'repl-diskless-sync-delay': '0' },
        },
        units: bots.map((bot) => ({ name: `${bot}.service` })),
        // A run of minutes has no time for the waits of an ordinary one.
        failover: { cooldownSeconds: 0, unreachableAfterSeconds: 2, stoppedGraceSeconds: 1 },
        switchover: { catchUpTimeoutSeconds: 3 },
      },
    };
  }

  async #writeNode(node: string): Promise<void> {
    await mkdir(this.units(node), { recursive: true });
    await mkdir(this.data(node));
    await writeFile(this.configFile(node), this.#redisConf(node), { mode: 0o600 });
    await writeFile(
      join(this.units(node), redisUnit),
      unitFile([redisBinary(), this.configFile(node)], 'no'),
    );
    for (const bot of bots) {
      const settings: BotSettings = {
        bot,
        node,
        endpoints: this.nodes.map((name) => ({ host: '127.0.0.1', port: this.#portsOf(name).redis })),
        passwordFile: join(this.folder, 'password'),
        records: this.records,
        deafFile: this.deafFile(node),
      };
      const settingsFile = join(this.folder, node, `${bot}.json`);
      await writeFile(settingsFile, JSON.stringify(settings));
      const program = join(import.meta.dirname, '..', 'demo', 'bot.ts');
      await writeFile(
        join(this.units(node), `${bot}.service`),
        unitFile([process.execPath, program, settingsFile], 'always'),
      );
    }
  }

  #redisConf(node: string): string {
    const { redis, door } = this.#portsOf(node);
    return `bind 127.0.0.1
bind-source-addr ${this.#sourceOf(node)}
replica-announce-ip 127.0.0.1
replica-announce-port ${door}
port ${redis}
dir ${this.data(node)}
logfile ${join(this.folder, node, 'redis.log')}
daemonize no
# Keeps the path of this file in the process list, by which the stage finds what is its own.
set-proc-title no
requirepass ${this.password}
masterauth ${this.password}
save ""
appendonly yes
# Processes are killed here, not machines: what was acknowledged is in the kernel's hands by then.
appendfsync no
`;
  }
}

function unitFile(command: readonly string[], restart: 'no' | 'always'): string {
  return `[Service]\nExecStart=${command.join(' ')}\nRestart=${restart}\nRestartSec=0.2\nTimeoutStopSec=2\n`;
}
