import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startUnit } from '../../controller/local-host/unit-control.ts';
import { endProcessesOf, killProcessesOf } from '../demo/own-processes.ts';
import { closeAdmin, connectAdmin, type RedisAddress } from '../redis/admin-connection.ts';
import { freePort } from '../redis/free-port.ts';
import { info } from '../redis/info.ts';
import { redisBinary } from '../redis/redis-binary.ts';
import { until } from '../redis/until.ts';
import { awayFile } from './away-host.ts';
import { fenceOf, PowerSwitch } from './power-switch.ts';
import { botScript, botTerms, redisConf, redisTerms, unitFile } from './stage-files.ts';

export const nodeNames = ['a', 'b'] as const;
export type NodeName = (typeof nodeNames)[number];
export const units = ['east.service', 'west.service'] as const;
export const redisUnit = 'redis-server.service';

/** The parts of the group's document that scenarios change. */
export interface Wanted {
  readonly primary: NodeName;
  readonly annotations: Readonly<Record<string, string>>;
  readonly paused: boolean;
  /** The file of the password before, by which a new controller still comes in. */
  readonly formerPassword: boolean;
  readonly unreachableAfterSeconds: number;
  /** Of the machine that can switch the others off; absent: there is none. */
  readonly fencePort?: number;
}

type Admin = Awaited<ReturnType<typeof connectAdmin>>;

/** Two real Redis servers and two units on each node, in a folder of their own, with the group's file. */
export class CrashStage {
  readonly folder: string;
  readonly ports: Readonly<Record<NodeName, number>>;
  password: string;
  wanted: Wanted = {
    primary: 'a',
    annotations: {},
    paused: false,
    formerPassword: false,
    unreachableAfterSeconds: 5,
  };
  #powerSwitch: PowerSwitch | undefined;
  readonly #onExit: () => void;

  private constructor(folder: string, ports: Readonly<Record<NodeName, number>>, password: string) {
    this.folder = folder;
    this.ports = ports;
    this.password = password;
    this.#onExit = () => killProcessesOf(folder);
    process.on('exit', this.#onExit);
  }

  /** Both servers run, b replicates from a; no unit runs and no controller has ever looked. */
  static async raise(): Promise<CrashStage> {
    const folder = await mkdtemp(join(tmpdir(), 'understudy-crash-'));
    const ports = { a: await freePort(), b: await freePort() };
    const stage = new CrashStage(folder, ports, randomBytes(16).toString('hex'));
    await writeFile(join(folder, 'bot.sh'), botScript);
    await stage.keepPassword(stage.password);
    await stage.ask({});
    for (const node of nodeNames) await stage.#writeNode(node);
    await Promise.all(nodeNames.map((node) => startUnit(stage.directory(node), redisUnit)));
    await stage.untilLinked('b');
    await stage.admin('a', async (admin) => {
      await admin.set('kept', 'from the beginning');
      if ((await admin.wait(1, 5_000)) !== 1) throw new Error('b did not get what a had');
    });
    return stage;
  }

  get groupFile(): string {
    return join(this.folder, 'group.yaml');
  }

  get records(): string {
    return join(this.folder, 'bots.log');
  }

  directory(node: NodeName): string {
    return join(this.folder, node, 'units');
  }

  redisLog(node: NodeName): string {
    return join(this.folder, node, 'redis.log');
  }

  redisConfig(node: NodeName): string {
    return join(this.folder, node, 'redis.conf');
  }

  address(node: NodeName): Required<RedisAddress> {
    return { host: '127.0.0.1', port: this.ports[node], password: this.password };
  }

  /** Whose port it is. */
  nodeAt(port: number): NodeName | undefined {
    return nodeNames.find((node) => this.ports[node] === port);
  }

  /** On a connection of its own. */
  async admin<T>(node: NodeName, work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = await connectAdmin(this.address(node));
    try {
      return await work(admin);
    } finally {
      closeAdmin(admin);
    }
  }

  async pidOf(node: NodeName): Promise<number> {
    return this.admin(node, async (admin) => Number((await info(admin, 'server')).process_id));
  }

  async untilLinked(replica: NodeName): Promise<void> {
    await this.admin(replica, (admin) =>
      until(`the link of ${replica}`, async () => {
        const seen = await info(admin, 'replication');
        return seen.master_link_status === 'up' && seen.master_sync_in_progress === '0';
      }),
    );
  }

  /** As an operator would; resolves when the unit has said that it runs. */
  async startBot(node: NodeName, unit: string): Promise<void> {
    await startUnit(this.directory(node), unit);
    await until(`${unit} on ${node} to tell of its start`, async () => {
      const records = await readFile(this.records, 'utf8').catch(() => '');
      return records.includes(`start ${unit} ${node}`);
    });
  }

  startRedis(node: NodeName): Promise<void> {
    return startUnit(this.directory(node), redisUnit);
  }

  /** There is another machine that can switch the nodes off. */
  async giveFences(): Promise<void> {
    const power = await PowerSwitch.start({
      directory: (name) => nodeNames.filter((node) => node === name).map((node) => this.directory(node))[0],
      redisUnit,
      units,
      records: this.records,
    });
    this.#powerSwitch = power;
    await this.#replace('key', power.privateKey);
    await this.#replace('known_hosts', power.knownHosts);
    await this.ask({ fencePort: power.port });
  }

  /** The machine of the node falls silent, and its units run on. */
  async loseMachine(node: NodeName): Promise<void> {
    const pid = await this.pidOf(node);
    await writeFile(awayFile(this.folder, node), '');
    process.kill(pid, 'SIGSTOP');
  }

  /** As an editor writes: a new file, renamed over the old one. */
  async ask(change: Partial<Wanted>): Promise<void> {
    this.wanted = { ...this.wanted, ...change };
    await this.#replace('group.yaml', `${JSON.stringify(this.#document(), null, 2)}\n`);
  }

  async keepPassword(password: string, file: 'password' | 'former-password' = 'password'): Promise<void> {
    await this.#replace(file, `${password}\n`);
  }

  /** Ends all that runs in the folder, and removes it. */
  async strike(): Promise<void> {
    // The bots end by themselves when the folder is gone, should one have been missed.
    await this.#powerSwitch?.stop();
    await endProcessesOf(this.folder, 0);
    await rm(this.folder, { recursive: true, force: true });
    process.off('exit', this.#onExit);
  }

  async #replace(name: string, text: string): Promise<void> {
    const file = join(this.folder, name);
    await writeFile(`${file}.new`, text, { mode: 0o600 });
    await rename(`${file}.new`, file);
  }

  #document(): unknown {
    const { primary, annotations, paused, formerPassword, unreachableAfterSeconds, fencePort } = this.wanted;
    const inFolder = (name: string) => ({ file: join(this.folder, name) });
    return {
      apiVersion: 'understudy.dev/v1alpha1',
      kind: 'FailoverGroup',
      metadata: { name: 'crash', annotations },
      spec: {
        primary,
        paused,
        nodes: nodeNames.map((name) => ({
          name,
          redis: { host: '127.0.0.1', port: this.ports[name] },
          local: { directory: this.directory(name) },
          ...(fencePort === undefined ? {} : { fence: fenceOf(name, fencePort) }),
        })),
        ...(fencePort === undefined
          ? {}
          : { ssh: { privateKeyFrom: inFolder('key'), knownHostsFrom: inFolder('known_hosts') } }),
        redis: {
          auth: {
            passwordFrom: inFolder('password'),
            ...(formerPassword ? { formerPasswordFrom: inFolder('former-password') } : {}),
          },
          unit: redisUnit,
          // Redis waits 5 s before a full sync otherwise, for more replicas to come.
          config: { 'repl-diskless-sync-delay': '0' },
        },
        units: units.map((name) => ({ name })),
        failover: { cooldownSeconds: 0, unreachableAfterSeconds },
      },
    };
  }

  async #writeNode(node: NodeName): Promise<void> {
    const directory = this.directory(node);
    await mkdir(directory, { recursive: true });
    const conf = redisConf({
      port: this.ports[node],
      folder: join(this.folder, node),
      password: this.password,
      ...(node === 'b' ? { follows: this.ports.a } : {}),
    });
    await writeFile(this.redisConfig(node), conf, { mode: 0o600 });
    await writeFile(
      join(directory, redisUnit),
      unitFile([redisBinary(), this.redisConfig(node)], redisTerms),
    );
    const bot = join(this.folder, 'bot.sh');
    for (const unit of units)
      await writeFile(join(directory, unit), unitFile(['/bin/sh', bot, unit, node, this.folder], botTerms));
  }
}
