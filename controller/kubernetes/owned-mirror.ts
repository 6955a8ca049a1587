import { setTimeout as delay } from 'node:timers/promises';
import { kind as groupKind } from '../../crd/failover-group.ts';
import { ApiFault } from './api-fault.ts';
import { managedBy, type OwnedKind } from './endpoint-objects.ts';
import type { KubeAccess, KubeObject } from './kube-access.ts';
import { Reflector } from './reflector.ts';

const resources: Readonly<Record<OwnedKind, string>> = {
  Service: 'services',
  EndpointSlice: 'endpointslices',
};
const discoveryAgainMs = 1_000;

/** An object by its kind, namespace and name: `Service prod/a-primary`. */
export const idOf = (kind: OwnedKind, namespace: string, name: string): string =>
  `${kind} ${namespace}/${name}`;

export interface MirrorTerms {
  /** Absent: the whole cluster. */
  readonly namespace?: string | undefined;
  /** `owner`: the key of the group that it belongs to by name, or belonged to before. */
  readonly onChange: (id: string, object: KubeObject | undefined, owner: string) => void;
  readonly onFault: (fault: ApiFault) => void;
}

/** The Services and EndpointSlices that are ours by their label, mirrored, and found by the group that owns them. */
export class OwnedMirror {
  readonly #access: KubeAccess;
  readonly #terms: MirrorTerms;
  readonly #objects = new Map<string, KubeObject>();
  /** Ids by the uid of the owner. */
  readonly #owned = new Map<string, Set<string>>();
  readonly #reflectors: Reflector[] = [];
  readonly #stopping = new AbortController();
  #sliceVersion = '';

  constructor(access: KubeAccess, terms: MirrorTerms) {
    this.#access = access;
    this.#terms = terms;
  }

  /** Resolves when both lists are in, or when stopped. */
  async start(): Promise<void> {
    this.#sliceVersion = await this.#discover();
    if (this.#stopping.signal.aborted) return;
    await Promise.all([this.#reflect('Service'), this.#reflect('EndpointSlice')]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
  }

  /** `discovery.k8s.io/v1`, or what an older server has instead. */
  get sliceVersion(): string {
    return this.#sliceVersion;
  }

  get(id: string): KubeObject | undefined {
    return this.#objects.get(id);
  }

  ownedBy(uid: string): readonly string[] {
    return [...(this.#owned.get(uid) ?? [])];
  }

  /** Path of the object with that id. */
  pathOf(id: string): string {
    const [kind = '', key = ''] = id.split(' ');
    const [namespace, name] = key.split('/');
    return `${this.#root(kind as OwnedKind)}/namespaces/${namespace}/${resources[kind as OwnedKind]}/${name}`;
  }

  #root(kind: OwnedKind): string {
    return kind === 'Service' ? '/api/v1' : `/apis/${this.#sliceVersion}`;
  }

  #reflect(kind: OwnedKind): Promise<void> {
    const { namespace, onFault } = this.#terms;
    const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
    const [[label, value] = ['', '']] = Object.entries(managedBy);
    const reflector = new Reflector(this.#access, {
      path: `${this.#root(kind)}${scope}/${resources[kind]}`,
      query: { labelSelector: `${label}=${value}` },
      onChange: (key, object) => this.#take(`${kind} ${key}`, object),
      onFault,
    });
    this.#reflectors.push(reflector);
    return reflector.start();
  }

  /** Items of a list come without kind; nothing here needs it. */
  #take(id: string, object: KubeObject | undefined): void {
    const before = this.#objects.get(id);
    for (const { uid } of ownersOf(before)) {
      const ids = this.#owned.get(uid);
      ids?.delete(id);
      if (ids?.size === 0) this.#owned.delete(uid);
    }
    if (object === undefined) this.#objects.delete(id);
    else {
      this.#objects.set(id, object);
      for (const { uid } of ownersOf(object))
        this.#owned.set(uid, (this.#owned.get(uid) ?? new Set()).add(id));
    }
    const [owner] = [...ownersOf(object), ...ownersOf(before)];
    const namespace = id.slice(id.indexOf(' ') + 1, id.indexOf('/'));
    if (owner !== undefined) this.#terms.onChange(id, object, `${namespace}/${owner.name}`);
  }

  /** EndpointSlices are v1 since Kubernetes 1.21; v1beta1 has the same fields, as far as they are used here. */
  async #discover(): Promise<string> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const path = '/apis/discovery.k8s.io';
        const group = await this.#access.call<KubeObject & ApiGroup>({ method: 'GET', path });
        const served = (group.versions ?? []).map(({ version }) => version);
        return `discovery.k8s.io/${served.includes('v1') ? 'v1' : 'v1beta1'}`;
      } catch (cause) {
        if (!(cause instanceof ApiFault)) throw cause;
        this.#terms.onFault(cause);
        await delay(discoveryAgainMs, undefined, { signal }).catch(() => undefined);
      }
    }
    return '';
  }
}

interface ApiGroup {
  readonly versions?: readonly { readonly version: string }[];
}

interface Owner {
  readonly name: string;
  readonly uid: string;
}

function ownersOf(object: KubeObject | undefined): readonly Owner[] {
  const references = object?.metadata.ownerReferences;
  return Array.isArray(references)
    ? references.filter((one: { kind?: unknown }) => one.kind === groupKind)
    : [];
}
