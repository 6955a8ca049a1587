import {
  HttpMethod,
  IsomorphicFetchHttpLibrary,
  KubeConfig,
  RequestContext,
  type ResponseContext,
  Watch,
} from '@kubernetes/client-node';
import { UnderstudyError } from '../understudy-error.ts';
import { ApiFault, faultOfAnswer, faultOfNoAnswer, faultOfStatus } from './api-fault.ts';
import { KeptConnections } from './kept-connections.ts';

/** The Content-Type of a patch (https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply). */
export const PatchType = {
  Merge: 'application/merge-patch+json',
  Json: 'application/json-patch+json',
  Apply: 'application/apply-patch+yaml',
} as const;

/** A request. `path` begins with /api or /apis. */
export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: unknown;
  /** Of a PATCH. */
  readonly patch?: (typeof PatchType)[keyof typeof PatchType];
  /** Absent: the access's own. */
  readonly timeoutMs?: number;
}

/** One line of a watch. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubeObject;
}

/** What every object of the API has. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly [key: string]: unknown;
  };
  readonly [key: string]: unknown;
}

/** Told of every request that ended: for metrics and benches. */
export type NoteCall = (call: {
  readonly method: string;
  readonly resource: string;
  readonly code: string;
}) => void;

interface AccessOptions {
  /** How long (ms) a request may take. */
  readonly timeoutMs?: number;
  readonly note?: NoteCall;
}

const defaultTimeoutMs = 5_000;
/** The library gives a watch up that said nothing for 30 s; the server ends it before that, so only a dead one is. */
const watchSeconds = 25;

/** The API server: requests with a timeout each, over connections that are kept. */
export class KubeAccess {
  readonly #config: KubeConfig;
  readonly #connections: KeptConnections;
  readonly #server: string;
  readonly #timeoutMs: number;
  readonly #note: NoteCall;
  readonly #library = new IsomorphicFetchHttpLibrary();
  /** Namespace that the credentials belong to: the pod's own, or the context's. */
  readonly namespace: string | undefined;

  constructor(
    config: KubeConfig,
    { timeoutMs = defaultTimeoutMs, note = () => undefined }: AccessOptions = {},
  ) {
    const server = config.getCurrentCluster()?.server;
    if (server === undefined)
      throw new UnderstudyError(
        'BadUsage',
        'The kubeconfig names no cluster: give --kubeconfig or set KUBECONFIG.',
      );
    this.#config = config;
    this.#connections = new KeptConnections(config);
    this.#server = server.replace(/\/$/, '');
    this.#timeoutMs = timeoutMs;
    this.#note = note;
    this.namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  }

  /** With a kubeconfig file, or as kubectl finds its own, or with the pod's service account. Throws UnderstudyError. */
  static from(kubeconfig: string | undefined, options: AccessOptions = {}): KubeAccess {
    const config = new KubeConfig();
    try {
      if (kubeconfig === undefined) config.loadFromDefault();
      else config.loadFromFile(kubeconfig);
    } catch (cause) {
      const where = kubeconfig ?? 'the default kubeconfig';
      throw new UnderstudyError('BadUsage', `${where} cannot be read: mend its path, rights or text.`, {
        cause,
      });
    }
    return new KubeAccess(config, options);
  }

  /** The answer's JSON. Rejects with ApiFault only. */
  async call<T = KubeObject>(call: ApiCall): Promise<T> {
    const what = `${call.method} ${call.path}`;
    const { givenUp } = this.#connections;
    try {
      const response = await this.#send(call);
      const text = await response.body.text();
      this.#note({
        method: call.method,
        resource: resourceOf(call.path),
        code: String(response.httpStatusCode),
      });
      if (response.httpStatusCode < 200 || response.httpStatusCode > 299)
        throw faultOfAnswer(response.httpStatusCode, text, what);
      return JSON.parse(text) as T;
    } catch (cause) {
      const fault = faultOfNoAnswer(cause, what);
      if (isLate(cause)) this.#connections.giveUp(givenUp);
      if (fault !== cause)
        this.#note({ method: call.method, resource: resourceOf(call.path), code: fault.code });
      throw fault;
    }
  }

  /**
   * Watches until the server ends it (resolves), until it fails (rejects with ApiFault) or until told to stop
   * (resolves). The server is asked for bookmarks. A dead connection is noticed within 30 s, or as soon as some
   * other request got no answer by it.
   */
  async watch(
    path: string,
    query: Readonly<Record<string, string>>,
    { onEvent, signal }: { onEvent: (event: WatchEvent) => void; signal: AbortSignal },
  ): Promise<void> {
    const what = `WATCH ${path}`;
    const { givenUp } = this.#connections;
    const over = AbortSignal.any([signal, givenUp]);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const ended = (cause: unknown): void => {
      if (cause === null || cause === undefined || signal.aborted) resolve();
      else reject(watchFault(cause, what));
    };
    const stop = (): void => {
      if (signal.aborted) resolve();
      else reject(new ApiFault('Unknown', `${what}: its connection does not answer any more`));
    };
    if (over.aborted) stop();
    over.addEventListener('abort', stop, { once: true });
    const terms = { ...query, allowWatchBookmarks: true, timeoutSeconds: watchSeconds };
    const begun = new Watch(this.#config).watch(
      path,
      terms,
      (type: string, object: unknown) => {
        // What was still in the buffer when it was told to stop is no news any more.
        if (over.aborted) return;
        if (type === 'ERROR') reject(faultOfStatus(object, what));
        // The library swallows what is thrown in here.
        else queueMicrotask(() => onEvent({ type, object } as WatchEvent));
      },
      ended,
    );
    begun.then(
      () => this.#note({ method: 'WATCH', resource: resourceOf(path), code: '200' }),
      (cause: unknown) => reject(faultOfNoAnswer(cause, what)),
    );
    try {
      // It may have to end before the server has even answered.
      await promise;
    } finally {
      over.removeEventListener('abort', stop);
      begun.then(
        (controller) => controller.abort(),
        () => undefined,
      );
    }
  }

  async #send({
    method,
    path,
    query = {},
    body,
    patch,
    timeoutMs = this.#timeoutMs,
  }: ApiCall): Promise<ResponseContext> {
    const url = new URL(this.#server + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    const context = new RequestContext(url.toString(), HttpMethod[method]);
    context.setHeaderParam('Accept', 'application/json');
    context.setHeaderParam('User-Agent', 'understudy');
    if (body !== undefined) {
      context.setHeaderParam('Content-Type', patch ?? 'application/json');
      context.setBody(JSON.stringify(body));
    }
    context.setSignal(AbortSignal.timeout(Math.ceil(timeoutMs)));
    await this.#config.applySecurityAuthentication(context);
    return this.#library.send(context).toPromise();
  }
}

/** The request's own time was over. */
function isLate(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'TimeoutError';
}

function watchFault(cause: unknown, what: string): ApiFault {
  const status = (cause as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? faultOfAnswer(status, '', what) : faultOfNoAnswer(cause, what);
}

/** `/apis/understudy.dev/v1alpha1/namespaces/prod/failovergroups/a/status` → `failovergroups/status`. */
function resourceOf(path: string): string {
  const parts = path.split('/').slice(path.startsWith('/apis/') ? 4 : 3);
  const own = parts[0] === 'namespaces' && parts.length > 2 ? parts.slice(2) : parts;
  return [own[0], own[2]].filter((part) => part !== undefined).join('/');
}
