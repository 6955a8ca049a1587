import { randomBytes } from 'node:crypto';
import type { KubeObject } from '../../controller/kubernetes/kube-access.ts';
import { closeAdmin, connectAdmin } from '../redis/admin-connection.ts';
import { type RedisPair, startPair } from '../redis/redis-pair.ts';
import { ControllerProcess, type ControllerTerms } from './controller-process.ts';
import { isOwnedBy, OwnGroup } from './own-group.ts';

const patienceMs = 60_000;
const primaryService = 'pair-primary';
const primarySlice = 'pair-primary-ipv4';

export interface JourneyTerms {
  /** Of an administrator. */
  readonly kubeconfig: string;
  /** Where the group is; there already. */
  readonly namespace: string;
  /** Where the Lease is. */
  readonly leaseNamespace: string;
  /** Each a replica of the controller. */
  readonly replicas: readonly [ControllerTerms, ControllerTerms];
}

/** Two controllers taken through everything that they ever ask of the API server. Both have ended at its end. */
export class RbacJourney {
  readonly group: OwnGroup;
  readonly controllers: ControllerProcess[] = [];
  readonly #terms: JourneyTerms;
  readonly #pair: RedisPair;

  private constructor(terms: JourneyTerms, pair: RedisPair) {
    this.#terms = terms;
    this.#pair = pair;
    this.group = new OwnGroup(terms.kubeconfig, terms.namespace);
  }

  static async travel(terms: JourneyTerms): Promise<RbacJourney> {
    const pair = await startPair();
    const journey = new RbacJourney(terms, pair);
    try {
      await journey.#arrive();
      await journey.#publish();
      await journey.#changeSecret();
      await journey.#takeOver();
      await journey.#leave();
      return journey;
    } catch (cause) {
      const log = journey.controllers.map((controller) => controller.logTail()).join('\n');
      throw new Error(`${cause instanceof Error ? cause.stack : String(cause)}\n${log}`, { cause });
    } finally {
      for (const controller of journey.controllers) await controller.kill();
      await pair.stop();
    }
  }

  get leasePath(): string {
    const { leaseNamespace } = this.#terms;
    return `/apis/coordination.k8s.io/v1/namespaces/${leaseNamespace}/leases/understudy-controller`;
  }

  #start(terms: ControllerTerms): ControllerProcess {
    const controller = ControllerProcess.start(terms);
    this.controllers.push(controller);
    return controller;
  }

  /** The Lease is made anew, the group claimed, its Secret waited for; another replica follows. */
  async #arrive(): Promise<void> {
    const { group } = this;
    const [one, other] = this.#terms.replicas;
    await this.#obstruct();
    await group.create([this.#pair.primary.port, this.#pair.replica.port]);
    const first = this.#start(one);
    await first.leads();
    await group.until(
      'the group is claimed',
      group.path,
      (object) => listOf(object, 'finalizers').length > 0,
    );
    await first.line('the Secret is missing', ({ detail = '' }) => detail.includes('does not exist'));
    await group.createSecret(this.#pair.primary.password);
    await group.untilLed('a');
    await this.#start(other).follows();
  }

  /** The names are taken at first: what the controller does not mirror, it has to look at. */
  async #obstruct(): Promise<void> {
    const { group } = this;
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: primaryService }, spec: ports };
    await group.access.call({ method: 'POST', path: group.beside('services'), body: service });
    const slice = {
      apiVersion: 'discovery.k8s.io/v1beta1',
      kind: 'EndpointSlice',
      metadata: { name: primarySlice },
      addressType: 'IPv4',
      endpoints: [],
    };
    await group.access.call({ method: 'POST', path: group.beside('endpointslices'), body: slice });
  }

  /** Services and slices: made once their names are free, mended, taken away and made again. */
  async #publish(): Promise<void> {
    const { group } = this;
    const service = group.beside('services', primaryService);
    const slice = group.beside('endpointslices', primarySlice);
    await group.until('the replicas’ Service', group.beside('services', 'pair-replicas'), isOurs);
    await group.remove(service);
    await group.remove(slice);
    await group.patch(group.path, { spec: { primary: 'b' } });
    await group.untilLed('b');
    await group.until('the primary’s Service', service, isOurs);
    await group.until('the primary’s slice', slice, isOurs);

    await group.patch(service, { spec: ports });
    await group.until('a Service is mended', service, (object) => portOf(object) === 6379);
    await group.patch(slice, { metadata: { labels: { 'kubernetes.io/service-name': 'elsewhere' } } });
    await group.until('a slice is mended', slice, (object) => serviceOf(object) === primaryService);

    for (const [value, fits] of [
      ['off', isAbsent],
      ['on', isOurs],
    ] as const) {
      await group.patch(group.path, { metadata: { annotations: { 'understudy.dev/services': value } } });
      await group.until(`services ${value}: the Service`, service, fits);
      await group.until(`services ${value}: the slice`, slice, fits);
    }
  }

  /** What comes later is done with the new password, which both servers take meanwhile. */
  async #changeSecret(): Promise<void> {
    const { group } = this;
    const password = randomBytes(16).toString('hex');
    await group.patchSecret(password);
    for (const { host, port } of [this.#pair.primary, this.#pair.replica])
      closeAdmin(await connectAdmin({ host, port, password }, { timeoutMs: patienceMs }));
    await group.patch(group.path, { spec: { primary: 'a' } });
    await group.untilLed('a');
    // What is said again changes the Event that is there.
    await group.until('an Event is counted', group.beside('events'), (list) => highestCount(list) > 1);
  }

  /** The leader stops in an orderly way; the other goes on. */
  async #takeOver(): Promise<void> {
    const { group } = this;
    const [first, second] = this.controllers;
    await this.#assertNothingDenied(first);
    await first?.stop();
    await second?.leads();
    await group.patch(group.path, { spec: { primary: 'b' } });
    await group.untilLed('b');
  }

  async #leave(): Promise<void> {
    const { group } = this;
    const second = this.controllers.at(-1);
    await group.remove(group.path);
    await group.until('the group is gone', group.path, isAbsent);
    await this.#assertNothingDenied(second);
    await second?.stop();
    await group.until('the Lease is free', this.leasePath, (lease) => holderOf(lease) === '');
  }

  /** What the controller itself counts. */
  async #assertNothingDenied(controller: ControllerProcess | undefined): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${await controller?.httpPort()}/metrics`);
    const lines = (await response.text()).split('\n');
    const requests = lines.filter((line) => line.startsWith('understudy_api_requests_total{'));
    const denied = requests.filter((line) => line.includes('code="403"'));
    if (requests.length === 0 || denied.length > 0)
      throw new Error(`denied: ${denied.join(', ') || 'no figures'}`);
  }
}

/** Nothing that the controller would ever write. */
const ports = { ports: [{ name: 'redis', port: 1, protocol: 'TCP', targetPort: 1 }] };

const isAbsent = (object: KubeObject | undefined): boolean => object === undefined;
const isOurs = (object: KubeObject | undefined): boolean => isOwnedBy(object, 'pair');

function listOf(object: KubeObject | undefined, field: string): readonly unknown[] {
  const value = object?.metadata[field];
  return Array.isArray(value) ? value : [];
}

function portOf(service: KubeObject | undefined): number | undefined {
  const spec = service?.spec as { readonly ports?: readonly { readonly port: number }[] } | undefined;
  return spec?.ports?.[0]?.port;
}

function serviceOf(slice: KubeObject | undefined): string | undefined {
  const labels = slice?.metadata.labels as Readonly<Record<string, string>> | undefined;
  return labels?.['kubernetes.io/service-name'];
}

function highestCount(list: KubeObject | undefined): number {
  const events = (list?.items ?? []) as readonly { readonly count?: number }[];
  return Math.max(0, ...events.map(({ count = 0 }) => count));
}

function holderOf(lease: KubeObject | undefined): string | undefined {
  return (lease?.spec as { readonly holderIdentity?: string } | undefined)?.holderIdentity;
}
