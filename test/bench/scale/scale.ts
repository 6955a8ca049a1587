import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeAccess } from '../../../controller/kubernetes/kube-access.ts';
import { ApiServer } from '../../kubernetes/api-server.ts';
import { freePort } from '../../redis/free-port.ts';
import { type Percentiles, percentiles } from '../percentile.ts';
import { cpuSeconds, residentMb } from '../process-cost.ts';
import { type ApiRates, apiRates, type Figures, figuresOf } from './api-rates.ts';
import { ControllerUnderLoad, WorldProcess } from './played-processes.ts';
import { scaleGroup, secretName } from './scale-group.ts';
import type { FromWorld } from './world-messages.ts';

/** What so many converged groups cost, and how fast they fail over. */
export interface ScaleStep {
  readonly groups: number;
  readonly seconds: number;
  /** Of one core. */
  readonly cpuPercent: number;
  readonly rssMb: number;
  readonly passesPerSecond: number;
  /** Actions of the controller while nothing happened, and commands to the nodes that change something. */
  readonly actions: number;
  readonly changes: number;
  readonly api: ApiRates;
  /** How many primaries died at once, in how many rounds, and from death to promotion (ms). */
  readonly failedAtOnce: number;
  readonly rounds: number;
  readonly promotionMs: Percentiles;
  /** From the start of the controller until all was recorded and nothing was left to do. */
  readonly settledSeconds: number;
}

export interface ScaleOptions {
  readonly groups: number;
  readonly seconds: number;
  readonly probeMs: number;
  readonly failAtOnce: number;
  readonly rounds: number;
  readonly progress: (line: string) => void;
  readonly growth: boolean;
  /** A folder for the log and the profiles of the controller: of its start, the steady state and the failures. */
  readonly profiles?: string;
}

export interface ScaleResult extends ScaleStep {
  readonly bench: 'scale';
  readonly probeMs: number;
  /** The same with a tenth of the groups, and a tenth of that. */
  readonly growth: readonly ScaleStep[];
  readonly ok: boolean;
}

/** What may be had of one core, of memory, and of time. */
const mostCpuPercent = 60;
const mostRssMb = 600;
const mostPromotionMs = 1_000;

const patienceMs = 400_000;
/** How long nothing may have been done before that counts as steady. */
const calmMs = 3_000;
const creationsAtOnce = 20;

/** Figures of the smallest tenth first: 10, 100, … up to `groups`; the last is what was asked for. */
export async function benchScale(options: ScaleOptions): Promise<ScaleResult> {
  const server = await ApiServer.start();
  try {
    await server.applyCrd();
    const steps: ScaleStep[] = [];
    for (const groups of options.growth ? tenfold(options.groups) : [options.groups]) {
      const stage = new ScaleStage(server, { ...options, groups });
      try {
        steps.push(await stage.measure());
      } finally {
        await stage.tearDown();
      }
      options.progress(JSON.stringify(steps.at(-1)));
    }
    const last = steps.at(-1);
    if (last === undefined) throw new Error('no groups');
    const growth = steps.slice(0, -1);
    return { bench: 'scale', probeMs: options.probeMs, ...last, growth, ok: isGood(last) };
  } finally {
    await server.stop();
  }
}

function isGood({ cpuPercent, rssMb, api, promotionMs, actions, changes }: ScaleStep): boolean {
  const still = actions === 0 && changes === 0 && api.client.writes === 0 && api.server.writes === 0;
  const cheap = cpuPercent <= mostCpuPercent && rssMb <= mostRssMb;
  return still && cheap && promotionMs.p99 <= mostPromotionMs;
}

function tenfold(groups: number): number[] {
  return [...(groups > 10 ? tenfold(Math.ceil(groups / 10)) : []), groups];
}

/** So many groups in a namespace of their own, their nodes, and a controller. */
class ScaleStage {
  readonly #server: ApiServer;
  readonly #options: ScaleOptions;
  readonly #access: KubeAccess;
  readonly #world = new WorldProcess();
  readonly #controller: ControllerUnderLoad;
  readonly #log: string;
  #http = '';
  #namespace = '';

  constructor(server: ApiServer, options: ScaleOptions) {
    this.#server = server;
    this.#options = options;
    this.#access = KubeAccess.from(server.kubeconfig);
    this.#log = join(options.profiles ?? server.folder, `controller-${options.groups}.log`);
    this.#controller = new ControllerUnderLoad(this.#log);
    this.#world.news.on('message', (message) => {
      if (message.kind === 'died') this.#controller.tell(message);
    });
  }

  async measure(): Promise<ScaleStep> {
    const { groups, progress, probeMs } = this.#options;
    progress(`${groups} groups: made`);
    await this.#makeGroups();
    this.#http = `127.0.0.1:${await freePort()}`;
    const begun = performance.now();
    const terms = { kubeconfig: this.#server.kubeconfig, namespace: this.#namespace };
    this.#controller.tell({ kind: 'start', ...terms, http: this.#http, probeMs });
    await this.#profiled('start', () => this.#settled(groups));
    const settledSeconds = rounded((performance.now() - begun) / 1_000);
    progress(`${groups} groups: settled after ${settledSeconds} s`);
    const steady = await this.#profiled('steady', () => this.#steady());
    const { failedAtOnce, rounds, promotionMs } = await this.#profiled('failures', () => this.#failures());
    return { groups, ...steady, failedAtOnce, rounds, promotionMs, settledSeconds };
  }

  async #profiled<T>(name: string, work: () => Promise<T>): Promise<T> {
    const { profiles, groups } = this.#options;
    if (profiles === undefined) return work();
    this.#controller.tell({ kind: 'profile' });
    const result = await work();
    this.#controller.tell({ kind: 'profile', file: join(profiles, `${name}-${groups}.cpuprofile`) });
    return result;
  }

  async tearDown(): Promise<void> {
    await this.#controller.stop();
    await this.#world.stop();
  }

  async #makeGroups(): Promise<void> {
    const password = randomBytes(16).toString('hex');
    this.#namespace = await this.#server.createNamespace('scale');
    const { ports } = await this.#world.ask(
      { kind: 'play', pairs: this.#options.groups, password },
      'playing',
    );
    const secret = { password, privateKey: 'none', knownHosts: 'none' };
    await this.#create(`/api/v1/namespaces/${this.#namespace}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: secretName },
      stringData: secret,
    });
    const path = `/apis/understudy.dev/v1alpha1/namespaces/${this.#namespace}/failovergroups`;
    for (let first = 0; first < ports.length; first += creationsAtOnce) {
      const some = ports.slice(first, first + creationsAtOnce);
      await Promise.all(
        some.map((pair, index) => this.#create(path, scaleGroup(first + index, this.#namespace, pair))),
      );
    }
  }

  async #create(path: string, body: object): Promise<void> {
    await this.#access.call({ method: 'POST', path, body, timeoutMs: 30_000 });
  }

  /** Every group says Ready, and for some seconds nothing was done and nothing written. */
  async #settled(ready: number): Promise<void> {
    const deadline = performance.now() + patienceMs;
    let calmSince = performance.now();
    for (let before: Figures | undefined; performance.now() < deadline; ) {
      const now = await this.#figures().catch(() => undefined);
      const calm = now !== undefined && now.ready >= ready && now.done === before?.done;
      if (!calm) calmSince = performance.now();
      if (performance.now() - calmSince >= calmMs) return;
      before = now;
      await delay(500);
    }
    const last = await this.#figures().catch(() => undefined);
    const said = readFileSync(this.#log, 'utf8').trim().split('\n').slice(-5).join('\n');
    throw new Error(`the controller does not settle: ${JSON.stringify(last)} of ${ready} ready\n${said}`);
  }

  #figures(): Promise<Figures> {
    return figuresOf(this.#http, this.#server);
  }

  async #steady(): Promise<
    Pick<ScaleStep, 'seconds' | 'cpuPercent' | 'rssMb' | 'passesPerSecond' | 'actions' | 'changes' | 'api'>
  > {
    const { pid } = this.#controller;
    const before = await this.#figures();
    const changes = (await this.#world.ask({ kind: 'count' }, 'counted')).changes;
    // What telling the figures costs is over before it is counted.
    await delay(200);
    const cpu = cpuSeconds(pid);
    const begun = performance.now();
    let rssMb = 0;
    while (performance.now() - begun < this.#options.seconds * 1_000) {
      await delay(1_000);
      rssMb = Math.max(rssMb, residentMb(pid));
    }
    const elapsed = (performance.now() - begun) / 1_000;
    const cpuPercent = rounded(((cpuSeconds(pid) - cpu) / elapsed) * 100);
    const after = await this.#figures();
    const counted = await this.#world.ask({ kind: 'count' }, 'counted');
    const seconds = (after.at - before.at) / 1_000;
    return {
      seconds: Math.round(elapsed),
      cpuPercent,
      rssMb: rounded(rssMb),
      passesPerSecond: rounded((after.passes - before.passes) / seconds),
      actions: after.actions - before.actions,
      changes: counted.changes - changes,
      api: apiRates(before, after),
    };
  }

  /** Rounds of deaths, each of other groups than those before. */
  async #failures(): Promise<Pick<ScaleStep, 'failedAtOnce' | 'rounds' | 'promotionMs'>> {
    const { groups, failAtOnce, rounds, progress } = this.#options;
    const failedAtOnce = Math.max(1, Math.min(failAtOnce, Math.floor(groups / rounds)));
    const times: number[] = [];
    // Spread over the groups, so that every phase of the second is met.
    const stride = Math.floor(groups / (failedAtOnce * rounds));
    for (let round = 0; round < rounds; round += 1) {
      const pairs = Array.from({ length: failedAtOnce }, (_, index) => (index * rounds + round) * stride);
      const taken = await this.#fail(pairs);
      progress(`${groups} groups, round ${round + 1}: ${JSON.stringify(percentiles(taken))}`);
      times.push(...taken);
      await delay(calmMs);
    }
    return { failedAtOnce, rounds, promotionMs: percentiles(times) };
  }

  #fail(pairs: readonly number[]): Promise<number[]> {
    const died = new Map<number, number>();
    const promoted = new Map<number, number>();
    const { promise, resolve, reject } = Promise.withResolvers<number[]>();
    const take = (message: FromWorld): void => {
      if (message.kind === 'died') died.set(message.pair, message.ms);
      if (message.kind === 'promoted') promoted.set(message.pair, message.ms);
      if (pairs.some((pair) => !died.has(pair) || !promoted.has(pair))) return;
      resolve(pairs.map((pair) => (promoted.get(pair) ?? 0) - (died.get(pair) ?? 0)));
    };
    this.#world.news.on('message', take);
    const timer = setTimeout(
      () => reject(new Error(`only ${promoted.size} of ${pairs.length} were promoted`)),
      patienceMs,
    );
    this.#world.tell({ kind: 'kill', pairs });
    return promise.finally(() => {
      clearTimeout(timer);
      this.#world.news.off('message', take);
    });
  }
}

const rounded = (value: number): number => Math.round(value * 100) / 100;
