import { ApiFault } from './api-fault.ts';
import type { KubeAccess, KubeObject } from './kube-access.ts';

/** coordination.k8s.io/v1 Lease, the part that an election is about. */
export interface LeaseRecord {
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  readonly renewTime: string;
  readonly acquireTime: string;
  readonly leaseTransitions: number;
}

export interface SeenLease {
  readonly record: LeaseRecord;
  readonly version: string;
}

/** The one Lease that the replicas of a controller contend for. Rejects with ApiFault. */
export class LeaderLease {
  readonly #access: KubeAccess;
  readonly #name: string;
  readonly #namespace: string;

  constructor(access: KubeAccess, { namespace, name }: { namespace: string; name: string }) {
    this.#access = access;
    this.#name = name;
    this.#namespace = namespace;
  }

  get collection(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.#namespace}/leases`;
  }

  get name(): string {
    return this.#name;
  }

  /** undefined: there is none yet. */
  async read(timeoutMs: number): Promise<SeenLease | undefined> {
    try {
      return seen(await this.#access.call({ method: 'GET', path: this.#path, timeoutMs }));
    } catch (cause) {
      if (cause instanceof ApiFault && cause.code === 'NotFound') return undefined;
      throw cause;
    }
  }

  /** Only over the version that was seen, or where there is none: anything else is a Conflict. */
  async write(record: LeaseRecord, before: SeenLease | undefined, timeoutMs: number): Promise<SeenLease> {
    const metadata = { name: this.#name, namespace: this.#namespace };
    const { acquireTime, renewTime, ...rest } = record;
    const spec = { ...rest, acquireTime, renewTime };
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: before === undefined ? metadata : { ...metadata, resourceVersion: before.version },
      spec,
    };
    return seen(
      before === undefined
        ? await this.#access.call({ method: 'POST', path: this.collection, body, timeoutMs })
        : await this.#access.call({ method: 'PUT', path: this.#path, body, timeoutMs }),
    );
  }

  get #path(): string {
    return `${this.collection}/${this.#name}`;
  }
}

/** Reads a Lease object; what is missing in it counts as free. */
export function seen(object: KubeObject): SeenLease {
  const spec = (object.spec ?? {}) as Partial<LeaseRecord>;
  return {
    version: object.metadata.resourceVersion ?? '',
    record: {
      holderIdentity: spec.holderIdentity ?? '',
      leaseDurationSeconds: spec.leaseDurationSeconds ?? 0,
      renewTime: spec.renewTime ?? '',
      acquireTime: spec.acquireTime ?? '',
      leaseTransitions: spec.leaseTransitions ?? 0,
    },
  };
}

/** metav1.MicroTime: six digits. */
export const microTime = (at: Date): string => at.toISOString().replace('Z', '000Z');
