import { ApiFault } from '../../controller/kubernetes/api-fault.ts';
import { KubeAccess, type KubeObject, PatchType } from '../../controller/kubernetes/kube-access.ts';
import type { Status } from '../../crd/status.ts';
import { until } from '../redis/until.ts';

const secret = 'redis-auth';
const patienceMs = 60_000;

/** A group of two nodes as its owner handles it, who has all rights: in a namespace that is there already. */
export class OwnGroup {
  readonly namespace: string;
  readonly name: string;
  readonly access: KubeAccess;

  constructor(kubeconfig: string, namespace: string, name = 'pair') {
    this.access = KubeAccess.from(kubeconfig);
    this.namespace = namespace;
    this.name = name;
  }

  get path(): string {
    return `/apis/understudy.dev/v1alpha1/namespaces/${this.namespace}/failovergroups/${this.name}`;
  }

  /** Of an object beside it: `services`, `secrets`, `endpointslices`, `events`; without a name their collection. */
  beside(resource: string, name?: string): string {
    const root = resource === 'endpointslices' ? '/apis/discovery.k8s.io/v1beta1' : '/api/v1';
    return [`${root}/namespaces/${this.namespace}/${resource}`, name]
      .filter((part) => part !== undefined)
      .join('/');
  }

  async create(ports: readonly [number, number]): Promise<void> {
    const node = (name: string, port: number) => ({ name, redis: { host: '127.0.0.1', port } });
    const spec = {
      primary: 'a',
      nodes: [node('a', ports[0]), node('b', ports[1])],
      redis: { auth: { passwordFrom: { secret: { name: secret, key: 'password' } } } },
      failover: { cooldownSeconds: 0 },
    };
    await this.access.call({
      method: 'POST',
      path: this.path.slice(0, this.path.lastIndexOf('/')),
      body: {
        apiVersion: 'understudy.dev/v1alpha1',
        kind: 'FailoverGroup',
        metadata: { name: this.name },
        spec,
      },
    });
  }

  async createSecret(password: string): Promise<void> {
    const data = { password: Buffer.from(password).toString('base64') };
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: secret }, data };
    await this.access.call({ method: 'POST', path: this.beside('secrets'), body });
  }

  async patchSecret(password: string): Promise<void> {
    const data = { password: Buffer.from(password).toString('base64') };
    await this.patch(this.beside('secrets', secret), { data });
  }

  patch(path: string, body: object): Promise<KubeObject> {
    return this.access.call({ method: 'PATCH', path, body, patch: PatchType.Merge });
  }

  async remove(path: string): Promise<void> {
    await this.access.call({ method: 'DELETE', path });
  }

  /** Away with it, without anybody's looking after its end. */
  async abandon(): Promise<void> {
    await this.patch(this.path, { metadata: { finalizers: null } });
    await this.remove(this.path);
  }

  /** undefined: there is none. */
  async get(path: string): Promise<KubeObject | undefined> {
    try {
      return await this.access.call({ method: 'GET', path });
    } catch (cause) {
      if (cause instanceof ApiFault && cause.code === 'NotFound') return undefined;
      throw cause;
    }
  }

  /** The object at that path, or its absence, is as it shall be. */
  async until(
    what: string,
    path: string,
    fits: (object: KubeObject | undefined) => boolean,
  ): Promise<KubeObject | undefined> {
    let last: KubeObject | undefined;
    const options = { timeoutMs: patienceMs, everyMs: 50 };
    const probe = async (): Promise<boolean> => {
      last = await this.get(path);
      return fits(last);
    };
    await until(what, probe, options).catch((cause: unknown) => {
      throw new Error(`${String(cause)}: ${JSON.stringify(last)}`);
    });
    return last;
  }

  /** The node leads, and the group is as it should be. */
  async untilLed(by: string): Promise<void> {
    await this.until(`${by} leads and all is well`, this.path, (object) => {
      const { currentPrimary, transition, conditions = [] } = (object?.status ?? {}) as Status;
      const holds = (type: string) => conditions.some((one) => one.type === type && one.status === 'True');
      return currentPrimary === by && transition === undefined && holds('Ready') && holds('ReplicaInSync');
    });
  }
}

/** Whether it is the group's own: its owner reference says so. */
export function isOwnedBy(object: KubeObject | undefined, group: string): boolean {
  const references = (object?.metadata.ownerReferences ?? []) as readonly { readonly name: string }[];
  return references.some(({ name }) => name === group);
}
