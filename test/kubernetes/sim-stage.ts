import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { Controller, type ControllerEvent } from '../../controller/controller.ts';
import { EndpointPublisher } from '../../controller/kubernetes/endpoint-publisher.ts';
import { EventRecorder } from '../../controller/kubernetes/event-recorder.ts';
import { GroupEvents } from '../../controller/kubernetes/group-events.ts';
import { KubeAccess, type KubeObject, PatchType } from '../../controller/kubernetes/kube-access.ts';
import { KubernetesStore } from '../../controller/kubernetes/kubernetes-store.ts';
import type { Write } from '../../controller/kubernetes/published-group.ts';
import { until } from '../redis/until.ts';
import { simSpec, units } from '../world/sim-group.ts';
import { calm, simClock, simNodes } from '../world/sim-ports.ts';
import { World } from '../world/world.ts';

const root = '/apis/understudy.dev/v1alpha1';
const tickMs = 10;
const patienceMs = 20_000;

/** Where the simulated nodes are, as the cluster's clients would reach them. */
export const addresses: Readonly<Record<string, string>> = { a: '10.9.0.1', b: '10.9.0.2', c: '10.9.0.3' };

/** A controller on a real API server, in a namespace of its own, over a simulated world of Redis servers. */
export class SimStage {
  readonly namespace = `sim-${randomBytes(4).toString('hex')}`;
  readonly name: string;
  readonly access: KubeAccess;
  readonly world: World;
  readonly writes: (Write & { readonly at: number })[] = [];
  /** What the controller said, with its time. */
  readonly events: { readonly event: ControllerEvent; readonly at: number }[] = [];
  leftMs = 15_000;
  readonly store: KubernetesStore;
  readonly publisher: EndpointPublisher;
  readonly #kubeconfig: string;
  readonly #names: readonly string[];
  readonly #recorder: EventRecorder;
  readonly #controller: Controller;
  #clock: NodeJS.Timeout | undefined;

  private constructor(kubeconfig: string, name: string, names: readonly string[]) {
    this.name = name;
    this.#names = names;
    this.#kubeconfig = kubeconfig;
    this.access = KubeAccess.from(kubeconfig);
    this.world = new World(names, units);
    this.world.now = Date.now();
    this.store = new KubernetesStore(this.access, this.namespace);
    this.#recorder = new EventRecorder(this.access, { component: 'understudy', instance: 'sim' });
    const told = new GroupEvents(this.#recorder, this.store);
    this.publisher = new EndpointPublisher(this.access, {
      store: this.store,
      namespace: this.namespace,
      tell: (key, news) => told.tell(key, news),
      onWrite: (write) => this.writes.push({ ...write, at: performance.now() }),
      lookUp: async (host) => {
        const ip = addresses[host];
        if (ip === undefined) throw new Error('ENOTFOUND');
        return [ip];
      },
    });
    this.#controller = new Controller({
      store: this.store,
      connect: async () => [...simNodes(this.world, calm(), []).values()],
      clock: simClock(this.world),
      commandTimeoutMs: 500,
      probeMs: 50,
      tell: (event) => {
        this.events.push({ event, at: performance.now() });
        told.note(event);
        this.publisher.note(event);
      },
    });
  }

  static async raise(
    kubeconfig: string,
    { name = 'quantshift', names = ['a', 'b'] }: { name?: string; names?: readonly string[] } = {},
  ): Promise<SimStage> {
    const stage = new SimStage(kubeconfig, name, names);
    await stage.access.call({
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { metadata: { name: stage.namespace } },
    });
    return stage;
  }

  get key(): string {
    return `${this.namespace}/${this.name}`;
  }

  async createGroup(): Promise<void> {
    const body = {
      apiVersion: 'understudy.dev/v1alpha1',
      kind: 'FailoverGroup',
      metadata: { name: this.name },
      spec: simSpec(this.#names),
    };
    await this.access.call({ method: 'POST', path: this.#groups, body });
  }

  /** The controller and all that it publishes. */
  async run(): Promise<void> {
    let last = performance.now();
    this.#clock = setInterval(() => {
      const now = performance.now();
      this.world.advance(now - last);
      last = now;
    }, tickMs);
    await this.publisher.start();
    this.publisher.lead({ leftMs: () => this.leftMs });
    await this.#controller.start();
  }

  async dispose(): Promise<void> {
    clearInterval(this.#clock);
    await this.#controller.stop();
    await this.publisher.stop();
    await this.#recorder.flush(1_000);
    const left = this.store.keys().length > 0;
    await this.store.close();
    if (left) {
      // Its simulated nodes are gone: no other controller on this server shall find it.
      await this.patchGroup({ metadata: { finalizers: null } })
        .then(() => this.deleteGroup())
        .catch(() => undefined);
    }
    await this.access.call({ method: 'DELETE', path: `/api/v1/namespaces/${this.namespace}` });
  }

  async patchGroup(body: object): Promise<void> {
    await this.access.call({
      method: 'PATCH',
      path: `${this.#groups}/${this.name}`,
      patch: PatchType.Merge,
      body,
    });
  }

  async finalizers(): Promise<readonly string[]> {
    const group = await this.access.call({ method: 'GET', path: `${this.#groups}/${this.name}` });
    return Array.isArray(group.metadata.finalizers) ? group.metadata.finalizers : [];
  }

  async deleteGroup(): Promise<void> {
    await this.access.call({ method: 'DELETE', path: `${this.#groups}/${this.name}` });
  }

  /** Until the condition has this status. */
  async untilSo(type: string, status: string): Promise<void> {
    await this.until(`${type} is ${status}`, async () =>
      this.store.get(this.key)?.status.conditions?.some((one) => one.type === type && one.status === status),
    );
  }

  until<T>(what: string, probe: () => Promise<T | undefined | false>): Promise<T> {
    return until(what, probe, { timeoutMs: patienceMs });
  }

  async list(kind: 'services' | 'endpointslices' | 'events'): Promise<readonly KubeObject[]> {
    const list = await this.access.call<KubeObject & { items: readonly KubeObject[] }>({
      method: 'GET',
      path: this.collection(kind),
    });
    return list.items;
  }

  collection(kind: 'services' | 'endpointslices' | 'events'): string {
    const api = kind === 'endpointslices' ? '/apis/discovery.k8s.io/v1beta1' : '/api/v1';
    return `${api}/namespaces/${this.namespace}/${kind}`;
  }

  /** `name: ip:port …` of every slice, by name. */
  async slices(): Promise<string[]> {
    const all = await this.list('endpointslices');
    return all.map(({ metadata, endpoints, ports }) => {
      const port = (ports as { port: number }[])[0]?.port;
      const ips = ((endpoints ?? []) as { addresses: string[] }[]).map((one) => one.addresses.join());
      return `${metadata.name}: ${ips.map((ip) => `${ip}:${port}`).join(' ')}`.trim();
    });
  }

  async kubectl(...words: readonly string[]): Promise<string> {
    const reach = ['--kubeconfig', this.#kubeconfig, '--namespace', this.namespace];
    return (await promisify(execFile)('kubectl', [...reach, ...words])).stdout;
  }

  get #groups(): string {
    return `${root}/namespaces/${this.namespace}/failovergroups`;
  }
}
