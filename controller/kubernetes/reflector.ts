import { setTimeout as delay } from 'node:timers/promises';
import { ApiFault } from './api-fault.ts';
import type { KubeAccess, KubeObject, WatchEvent } from './kube-access.ts';

export interface ReflectorTerms {
  /** Of the collection: /apis/GROUP/VERSION[/namespaces/NS]/RESOURCE */
  readonly path: string;
  /** labelSelector, fieldSelector */
  readonly query?: Readonly<Record<string, string>>;
  /** An object appeared, changed, or (undefined) went. */
  readonly onChange: (key: string, object: KubeObject | undefined) => void;
  /** A list or watch failed and is tried again: for logs and metrics. */
  readonly onFault?: (fault: ApiFault) => void;
}

interface List {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly KubeObject[];
}

const pageLength = 500;
const firstBackoffMs = 100;
const longestBackoffMs = 5_000;

/** `namespace/name`, or the name of what has no namespace. */
function keyOf({ metadata: { namespace, name } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/**
 * A collection of the API, mirrored: list, watch with bookmarks, list anew when the history is gone (410).
 * The mirror outlasts every fault; how old it may be is told by `staleMs`.
 * Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export class Reflector {
  readonly #access: KubeAccess;
  readonly #terms: ReflectorTerms;
  readonly #objects = new Map<string, KubeObject>();
  readonly #stopping = new AbortController();
  #watching = new AbortController();
  /** Undefined: list first. */
  #version: string | undefined;
  #heardAt: number | undefined;
  #restarts = 0;
  #replacing = false;
  #running: Promise<void> | undefined;
  /** Those who wait for the next list that begins. */
  #awaitingList: PromiseWithResolvers<void>[] = [];

  constructor(access: KubeAccess, terms: ReflectorTerms) {
    this.#access = access;
    this.#terms = terms;
  }

  /** Begins, and resolves with the first list. */
  start(): Promise<void> {
    const listed = this.relist();
    this.#running ??= this.#run();
    return listed;
  }

  /** Resolves when a list that was asked for after this call is in: what is mirrored then is no older than this call. */
  relist(): Promise<void> {
    const waiting = Promise.withResolvers<void>();
    this.#awaitingList.push(waiting);
    this.#version = undefined;
    this.#watching.abort();
    return waiting.promise;
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  keys(): string[] {
    return [...this.#objects.keys()];
  }

  /** What is being told of comes from a list, and is no older than when it was asked for. */
  get isListing(): boolean {
    return this.#replacing;
  }

  /** How long ago (ms) the server last told anything; undefined before the first list. */
  get staleMs(): number | undefined {
    return this.#heardAt === undefined ? undefined : performance.now() - this.#heardAt;
  }

  /** How often it had to begin again after a fault. */
  get restarts(): number {
    return this.#restarts;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#watching.abort();
    await this.#running;
    // Nobody waits for what does not come any more.
    for (const waiting of this.#awaitingList.splice(0)) waiting.resolve();
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      try {
        if (this.#version === undefined) await this.#list();
        await this.#watch();
        // The server ended it, as it was asked to: nothing was missed.
        this.#heardAt = performance.now();
        failures = 0;
      } catch (cause) {
        if (this.#stopping.signal.aborted) return;
        const fault = cause instanceof ApiFault ? cause : unexpected(cause);
        if (fault.code === 'Expired') this.#version = undefined;
        this.#restarts += 1;
        this.#terms.onFault?.(fault);
        failures += 1;
        await this.#pause(failures);
      }
    }
  }

  /** Jittered, so that the replicas of a controller do not come back to a server all at once. */
  async #pause(failures: number): Promise<void> {
    const ms = Math.min(firstBackoffMs * 2 ** (failures - 1), longestBackoffMs) * (0.5 + Math.random() / 2);
    await delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  async #list(): Promise<void> {
    const waiting = this.#awaitingList;
    this.#awaitingList = [];
    try {
      const { path, query = {} } = this.#terms;
      const found = new Map<string, KubeObject>();
      let next: string | undefined;
      let version = '';
      do {
        const page: Record<string, string | number> = { ...query, limit: pageLength };
        // No resourceVersion: the newest there is, read through a quorum.
        if (next !== undefined) page.continue = next;
        const list = await this.#access.call<List & KubeObject>({ method: 'GET', path, query: page });
        for (const item of list.items) found.set(keyOf(item), item);
        version = list.metadata.resourceVersion;
        next = list.metadata.continue === '' ? undefined : list.metadata.continue;
      } while (next !== undefined);
      this.#replacing = true;
      this.#replace(found);
      this.#replacing = false;
      this.#heardAt = performance.now();
      // Somebody may have asked for a newer one meanwhile.
      if (this.#awaitingList.length === 0) this.#version = version;
    } catch (cause) {
      this.#awaitingList = [...waiting, ...this.#awaitingList];
      throw cause;
    }
    for (const one of waiting) one.resolve();
  }

  #replace(found: ReadonlyMap<string, KubeObject>): void {
    for (const key of this.keys()) if (!found.has(key)) this.#take(key, undefined);
    for (const [key, object] of found) {
      const known = this.#objects.get(key);
      if (known?.metadata.resourceVersion !== object.metadata.resourceVersion) this.#take(key, object);
    }
  }

  async #watch(): Promise<void> {
    const version = this.#version;
    if (version === undefined) return;
    this.#watching = new AbortController();
    const { signal } = this.#watching;
    const { path, query = {} } = this.#terms;
    const onEvent = (event: WatchEvent): void => {
      // What a watch that was given up had still to say is older than the list that replaces it.
      if (!signal.aborted) this.#note(event);
    };
    await this.#access.watch(path, { ...query, resourceVersion: version }, { onEvent, signal });
  }

  #note({ type, object }: WatchEvent): void {
    this.#heardAt = performance.now();
    this.#version = object.metadata.resourceVersion;
    if (type === 'BOOKMARK') return;
    this.#take(keyOf(object), type === 'DELETED' ? undefined : object);
  }

  #take(key: string, object: KubeObject | undefined): void {
    if (object === undefined) this.#objects.delete(key);
    else this.#objects.set(key, object);
    this.#terms.onChange(key, object);
  }
}

function unexpected(cause: unknown): ApiFault {
  return new ApiFault('Unknown', 'a list or watch failed unexpectedly', { cause });
}
