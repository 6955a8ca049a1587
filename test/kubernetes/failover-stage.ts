import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiFault } from '../../controller/kubernetes/api-fault.ts';
import {
  type ApiCall,
  KubeAccess,
  type KubeObject,
  PatchType,
} from '../../controller/kubernetes/kube-access.ts';
import type { ConditionType, Status } from '../../crd/status.ts';
import { info } from '../redis/info.ts';
import { type RedisPair, startPair } from '../redis/redis-pair.ts';
import type { RedisServer } from '../redis/redis-server.ts';
import { until } from '../redis/until.ts';
import { countLostWrites } from '../traffic/lost-writes.ts';
import { Traffic } from '../traffic/traffic.ts';
import { Bots, botUnit } from './bots.ts';
import { ControllerProcess, type LogLine } from './controller-process.ts';
import { type Effect, RedisWitness, witnessed } from './redis-witness.ts';
import { TcpProxy } from './tcp-proxy.ts';

const root = '/apis/understudy.dev/v1alpha1';
const group = 'pair';
const secret = 'redis-auth';
/** What is to come, comes within this (ms), on a machine that is shared with others. */
const patienceMs = 60_000;

export interface StageTerms {
  /** Of an administrator of the API server. */
  readonly kubeconfig: string;
  /** Over the usual spec, as a merge patch would do it. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Absent: there from the start. */
  readonly without?: 'group' | 'secret';
  /** A bot runs beside the primary, on hosts that are folders of this machine. */
  readonly units?: boolean;
}

export type NodeName = 'a' | 'b';

/** A namespace with a real Redis pair (node a leads at first), the Secret of its password and a group. */
export class FailoverStage {
  readonly namespace = `stage-${randomBytes(4).toString('hex')}`;
  readonly pair: RedisPair;
  readonly access: KubeAccess;
  readonly #terms: StageTerms;
  readonly #folder: string;
  readonly #controllers: ControllerProcess[] = [];
  readonly #proxies: TcpProxy[] = [];
  readonly #traffic: Traffic[] = [];
  #bots: Bots | undefined;

  private constructor(terms: StageTerms, pair: RedisPair, folder: string) {
    this.#terms = terms;
    this.pair = pair;
    this.#folder = folder;
    this.access = KubeAccess.from(terms.kubeconfig);
  }

  static async raise(terms: StageTerms): Promise<FailoverStage> {
    const pair = await startPair({ settings: witnessed });
    const stage = new FailoverStage(terms, pair, await mkdtemp(join(tmpdir(), 'understudy-stage-')));
    try {
      if (terms.units === true) stage.#bots = await Bots.prepare(stage.#folder);
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: stage.namespace } };
      await stage.call({ method: 'POST', path: '/api/v1/namespaces', body });
      if (terms.without !== 'secret') await stage.createSecret();
      if (terms.without !== 'group') await stage.createGroup();
      return stage;
    } catch (cause) {
      await stage.dispose();
      throw cause;
    }
  }

  /** For the group, as the store calls it and the log names it. */
  get key(): string {
    return `${this.namespace}/${group}`;
  }

  get path(): string {
    return `${root}/namespaces/${this.namespace}/failovergroups/${group}`;
  }

  get kubeconfig(): string {
    return this.#terms.kubeconfig;
  }

  server(node: NodeName): RedisServer {
    return node === 'a' ? this.pair.primary : this.pair.replica;
  }

  /** As somebody with all rights. Tried again while the API server is away. */
  async call(call: ApiCall): Promise<KubeObject> {
    return until(`${call.method} ${call.path}`, async () => {
      try {
        return await this.access.call({ timeoutMs: 10_000, ...call });
      } catch (cause) {
        if (cause instanceof ApiFault && cause.code === 'Unavailable') return undefined;
        throw cause;
      }
    });
  }

  async createSecret(): Promise<void> {
    await this.call({
      method: 'POST',
      path: `/api/v1/namespaces/${this.namespace}/secrets`,
      body: {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: secret },
        data: { password: Buffer.from(this.pair.primary.password).toString('base64') },
      },
    });
  }

  /** `spec`: over the usual one. */
  async createGroup(spec: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const node = (name: NodeName) => {
      const { host, port } = this.server(name);
      const local = this.#bots && { local: { directory: this.#bots.directory(name) } };
      return { name, redis: { host, port }, ...local };
    };
    await this.call({
      method: 'POST',
      path: `${root}/namespaces/${this.namespace}/failovergroups`,
      body: {
        apiVersion: 'understudy.dev/v1alpha1',
        kind: 'FailoverGroup',
        metadata: { name: group },
        spec: {
          primary: 'a',
          nodes: [node('a'), node('b')],
          redis: { auth: { passwordFrom: { secret: { name: secret, key: 'password' } } } },
          failover: { cooldownSeconds: 0 },
          ...(this.#bots && { units: [{ name: botUnit }] }),
          ...this.#terms.spec,
          ...spec,
        },
      },
    });
  }

  /** As `kubectl patch --type merge` does. */
  async patch(body: Readonly<Record<string, unknown>>): Promise<KubeObject> {
    return this.call({ method: 'PATCH', path: this.path, body, patch: PatchType.Merge });
  }

  async patchSpec(spec: Readonly<Record<string, unknown>>): Promise<KubeObject> {
    return this.patch({ spec });
  }

  async patchStatus(status: Readonly<Record<string, unknown>>): Promise<KubeObject> {
    return this.call({
      method: 'PATCH',
      path: `${this.path}/status`,
      body: { status },
      patch: PatchType.Merge,
    });
  }

  async deleteGroup(): Promise<void> {
    await this.call({ method: 'DELETE', path: this.path });
  }

  /** undefined: there is none, or nobody can say so now. */
  async object(): Promise<KubeObject | undefined> {
    try {
      return await this.access.call({ method: 'GET', path: this.path });
    } catch (cause) {
      if (cause instanceof ApiFault) return undefined;
      throw cause;
    }
  }

  async isGone(): Promise<boolean> {
    try {
      await this.access.call({ method: 'GET', path: this.path });
      return false;
    } catch (cause) {
      return cause instanceof ApiFault && cause.code === 'NotFound';
    }
  }

  async status(): Promise<Status> {
    return ((await this.object())?.status ?? {}) as Status;
  }

  async untilStatus(
    what: string,
    fits: (status: Status) => boolean,
    timeoutMs = patienceMs,
  ): Promise<Status> {
    let last: Status = {};
    try {
      return await until(
        what,
        async () => {
          last = await this.status();
          return fits(last) && last;
        },
        { timeoutMs, everyMs: 50 },
      );
    } catch (cause) {
      throw new Error(`${String(cause)}\n${JSON.stringify(last)}\n${this.logs()}`);
    }
  }

  /** The node leads, nothing is under way, and the group is as it should be. */
  async untilLed(by: NodeName, timeoutMs = patienceMs): Promise<Status> {
    return this.untilStatus(
      `${by} leads and all is well`,
      (status) =>
        status.currentPrimary === by &&
        status.transition === undefined &&
        condition(status, 'Ready') === 'True' &&
        condition(status, 'ReplicaInSync') === 'True',
      timeoutMs,
    );
  }

  /** Resolves when the controller has looked twice more and found nothing to do: its beginnings are over. */
  async untilCalm(controller: ControllerProcess): Promise<void> {
    for (;;) {
      const marks = await this.marks();
      await this.looked(controller, 2, 'a');
      if ((await this.effects(controller, marks)).length === 0) return;
    }
  }

  /** Started here, ended with the stage. `through`: a proxy to the API server. */
  controller(identity: string, options: { kubeconfig?: string; leaseNamespace?: string } = {}) {
    const controller = ControllerProcess.start({
      kubeconfig: options.kubeconfig ?? this.kubeconfig,
      leaseNamespace: options.leaseNamespace ?? this.namespace,
      namespace: this.namespace,
      identity,
      address: `127.0.0.${11 + this.#controllers.length}`,
    });
    this.#controllers.push(controller);
    return controller;
  }

  /** A controller's own way to the API server, and the kubeconfig that leads along it. */
  async proxy(): Promise<{ proxy: TcpProxy; kubeconfig: string }> {
    const text = await readFile(this.kubeconfig, 'utf8');
    const port = Number(/https:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1]);
    const proxy = await TcpProxy.start(port);
    this.#proxies.push(proxy);
    const kubeconfig = join(this.#folder, `kubeconfig-${this.#proxies.length}`);
    await writeFile(kubeconfig, text.replace(`127.0.0.1:${port}`, `127.0.0.1:${proxy.port}`), {
      mode: 0o600,
    });
    return { proxy, kubeconfig };
  }

  /** Writers beside everything that happens; ended with the stage. */
  async traffic(): Promise<Traffic> {
    const endpoints = [this.server('a'), this.server('b')].map(({ host, port }) => ({ host, port }));
    const traffic = await Traffic.start({
      endpoints,
      password: this.pair.primary.password,
      writers: 2,
      restMs: 2,
    });
    this.#traffic.push(traffic);
    return traffic;
  }

  /** Ends the writing, and counts what was acknowledged and is not at the node. */
  async lost(traffic: Traffic, at: NodeName): Promise<number> {
    await traffic.stop();
    const { acked } = await traffic.report();
    return (await countLostWrites(acked, this.server(at).address)).lostWrites;
  }

  /** Everything that the controller had both servers do, since the marks when they are given. */
  async effects(
    { address }: ControllerProcess,
    marks: Partial<Readonly<Record<NodeName, number>>> = {},
  ): Promise<(Effect & { readonly node: NodeName })[]> {
    const all: (Effect & { readonly node: NodeName })[] = [];
    for (const node of nodes) {
      if (this.server(node).pid === undefined) continue;
      const after = marks[node] ?? -1;
      const found = await new RedisWitness(this.server(node)).effects({ after, from: address });
      all.push(...found.map((effect) => ({ ...effect, node })));
    }
    return all;
  }

  /** What comes later has a higher number. */
  async marks(): Promise<Partial<Record<NodeName, number>>> {
    const marks: Partial<Record<NodeName, number>> = {};
    for (const node of nodes)
      if (this.server(node).pid !== undefined) marks[node] = await new RedisWitness(this.server(node)).mark();
    return marks;
  }

  /** Resolves when the controller has looked at the node so often since the mark: time passes in passes. */
  async looked({ address, identity }: ControllerProcess, times: number, at: NodeName): Promise<void> {
    const witness = new RedisWitness(this.server(at));
    const after = await witness.mark();
    try {
      const enough = async () => (await witness.looks({ after, from: address })) >= times;
      await until(`${identity} to look at ${at} ${times} times`, enough, {
        timeoutMs: patienceMs,
        everyMs: 250,
      });
    } catch (cause) {
      throw new Error(`${String(cause)}\n${this.logs()}`);
    }
  }

  /** The nodes on which the bot runs now, and whether there were ever two at once. */
  async bots(): Promise<{ readonly on: readonly string[]; readonly everTwo: boolean }> {
    if (this.#bots === undefined) throw new Error('the group has no units');
    return this.#bots.look();
  }

  async role(node: NodeName): Promise<string | undefined> {
    const admin = await this.server(node).admin();
    const { role } = await info(admin, 'replication');
    admin.disconnect();
    return role;
  }

  async roles(): Promise<Record<NodeName, string | undefined>> {
    return { a: await this.role('a'), b: await this.role('b') };
  }

  logs(): string {
    return this.#controllers.map((one) => one.logTail()).join('\n');
  }

  /** A line of this stage's group. */
  own(fits: (line: LogLine) => boolean): (line: LogLine) => boolean {
    return (line) => line.group === this.key && fits(line);
  }

  async dispose(): Promise<void> {
    for (const controller of this.#controllers) {
      controller.signal('SIGCONT');
      await controller.kill();
    }
    await this.#bots?.end();
    for (const proxy of this.#proxies) await proxy.stop();
    for (const traffic of this.#traffic) await traffic.close();
    await this.pair.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const nodes: readonly NodeName[] = ['a', 'b'];

export function condition(status: Status, type: ConditionType): string | undefined {
  return status.conditions?.find((one) => one.type === type)?.status;
}

export function reasonOf(status: Status, type: ConditionType): string | undefined {
  return status.conditions?.find((one) => one.type === type)?.reason;
}

export function messageOf(status: Status, type: ConditionType): string {
  return status.conditions?.find((one) => one.type === type)?.message ?? '';
}
