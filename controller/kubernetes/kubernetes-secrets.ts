import type { FailoverGroup, SecretSource } from '../../crd/failover-group.ts';
import type { SecretsPort, SecretValue } from '../ports/secrets.ts';
import { Secret } from '../secret.ts';
import { sourcesOf } from '../secret-sources.ts';
import { UnderstudyError } from '../understudy-error.ts';
import type { ApiFault } from './api-fault.ts';
import type { KubeAccess, KubeObject } from './kube-access.ts';
import { Reflector } from './reflector.ts';

/** Types of Secrets that no group names, and that clusters are full of. */
const uninteresting = 'type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token';
/** How long (ms) the first look into a namespace may take. */
const firstListMs = 5_000;

/** One key of a Secret that some group names. */
interface Watched {
  value: string | undefined;
  former: string | undefined;
  /** Counts its changes. */
  changes: number;
}

/**
 * Secrets of the cluster, mirrored namespace by namespace. A group's secrets are those of its own namespace; files
 * and environment variables are not read here: whoever may write a group could have the controller's own sent to
 * a host of theirs.
 */
export class KubernetesSecrets implements SecretsPort {
  readonly #access: KubeAccess;
  readonly #onFault: ((fault: ApiFault) => void) | undefined;
  readonly #namespaces = new Map<string, { readonly reflector: Reflector; readonly listed: Promise<void> }>();
  /** By namespace/name/key. */
  readonly #watched = new Map<string, Watched>();
  #listener: () => void = () => undefined;

  constructor(access: KubeAccess, onFault?: (fault: ApiFault) => void) {
    this.#access = access;
    this.#onFault = onFault;
  }

  async read(
    source: SecretSource,
    { field, namespace }: { readonly field: string; readonly namespace?: string },
  ): Promise<SecretValue> {
    const { secret } = source;
    if (secret === undefined || namespace === undefined) {
      const message = `${field}: in a cluster it comes from {secret: {name, key}} of the group's namespace; files and environment variables of the controller are not read.`;
      throw new UnderstudyError('NotSupported', message);
    }
    const reflector = await this.#mirrored(namespace, field);
    const place = `${field}: the Secret ${namespace}/${secret.name}`;
    const object = reflector.get(`${namespace}/${secret.name}`);
    const value = valueIn(object, secret.key);
    const watched = this.#watch(`${namespace}/${secret.name}`, secret.key, value);
    if (object === undefined) throw unavailable(`${place} does not exist. Create it.`);
    if (value === undefined) throw unavailable(`${place} has no key "${secret.key}". Add it.`);
    if (value === '') throw unavailable(`${place} has nothing under the key "${secret.key}". Fill it in.`);
    const former = watched.former === undefined ? {} : { former: new Secret(watched.former) };
    return { current: new Secret(value), ...former };
  }

  /**
   * What is read from here on is no older than this call: who begins to lead logs in with no old password. Nobody
   * waits for all of them: one namespace whose Secrets may not be listed would hold up every group.
   */
  refresh(): void {
    for (const [namespace, { reflector }] of this.#namespaces)
      this.#namespaces.set(namespace, { reflector, listed: reflector.relist() });
  }

  version({ spec, metadata }: FailoverGroup): string {
    const changes = sourcesOf(spec).map(({ secret }) => {
      const key = `${metadata.namespace ?? ''}/${secret?.name}/${secret?.key}`;
      return this.#watched.get(key)?.changes ?? 0;
    });
    return changes.join(' ');
  }

  /** One listener at a time: each term of leading has its own. */
  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  close(): void {
    this.#listener = () => undefined;
    for (const { reflector } of this.#namespaces.values()) void reflector.stop();
    this.#namespaces.clear();
  }

  async #mirrored(namespace: string, field: string): Promise<Reflector> {
    const known = this.#namespaces.get(namespace) ?? this.#mirror(namespace);
    const late = AbortSignal.timeout(firstListMs);
    const tooLate = new Promise<never>((_resolve, reject) => {
      late.addEventListener('abort', () =>
        reject(unavailable(`${field}: the Secrets of the namespace ${namespace} cannot be read yet.`)),
      );
    });
    await Promise.race([known.listed, tooLate]);
    return known.reflector;
  }

  #mirror(namespace: string): { readonly reflector: Reflector; readonly listed: Promise<void> } {
    const reflector = new Reflector(this.#access, {
      path: `/api/v1/namespaces/${namespace}/secrets`,
      query: { fieldSelector: uninteresting },
      onChange: (key, object) => this.#take(key, object),
      ...(this.#onFault === undefined ? {} : { onFault: this.#onFault }),
    });
    const mirror = { reflector, listed: reflector.start() };
    this.#namespaces.set(namespace, mirror);
    return mirror;
  }

  #watch(secret: string, key: string, value: string | undefined): Watched {
    const place = `${secret}/${key}`;
    const known = this.#watched.get(place);
    if (known !== undefined) return known;
    const watched: Watched = { value, former: undefined, changes: 0 };
    this.#watched.set(place, watched);
    return watched;
  }

  #take(secret: string, object: KubeObject | undefined): void {
    let changed = false;
    for (const [place, watched] of this.#watched) {
      if (!place.startsWith(`${secret}/`)) continue;
      const value = valueIn(object, place.slice(secret.length + 1));
      if (value === watched.value) continue;
      // One that went away and came back anew was rotated all the same.
      if (value !== undefined && watched.value !== undefined) watched.former = watched.value;
      if (value !== undefined) watched.value = value;
      watched.changes += 1;
      changed = true;
    }
    if (changed) this.#listener();
  }
}

/** Its data is base64; one trailing newline, as `kubectl create secret --from-file` keeps it, is cut off. */
function valueIn(object: KubeObject | undefined, key: string): string | undefined {
  const data = (object?.data ?? {}) as Readonly<Record<string, unknown>>;
  const encoded = Object.hasOwn(data, key) ? data[key] : undefined;
  return typeof encoded === 'string'
    ? Buffer.from(encoded, 'base64')
        .toString('utf8')
        .replace(/\r?\n$/, '')
    : undefined;
}

const unavailable = (message: string): UnderstudyError => new UnderstudyError('SecretUnavailable', message);
