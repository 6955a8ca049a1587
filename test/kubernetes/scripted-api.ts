import { EventEmitter, once } from 'node:events';
import type { ApiFault } from '../../controller/kubernetes/api-fault.ts';
import type { ApiCall, KubeAccess, KubeObject, WatchEvent } from '../../controller/kubernetes/kube-access.ts';

/** An API server's one collection as a test plays it: lists answer what is there, a watch says what it is told to. */
export class ScriptedApi {
  readonly asked: string[] = [];
  objects: KubeObject[] = [];
  version = 1;
  /** What the next lists and watches fail with, in order. */
  readonly faults: ApiFault[] = [];
  /** Answers what is no list. */
  answer: (call: ApiCall) => Promise<KubeObject> = async () => this.object('unasked');
  readonly #news = new EventEmitter();
  #watch: { say: (event: WatchEvent) => void; end: (fault?: ApiFault) => void } | undefined;

  get access(): KubeAccess {
    return {
      call: (call: ApiCall) => this.#call(call),
      watch: (_path: string, query: Record<string, string>, terms: WatchTerms) => this.#open(query, terms),
    } as unknown as KubeAccess;
  }

  object(name: string, value = ''): KubeObject {
    this.version += 1;
    return { metadata: { name, namespace: 'ns', resourceVersion: String(this.version) }, value };
  }

  /** Says it on the open watch, if there is one. */
  say(type: WatchEvent['type'], object: KubeObject): void {
    this.#watch?.say({ type, object });
  }

  /** Ends the open watch, as the server does after a while, or with a fault. */
  end(fault?: ApiFault): void {
    this.#watch?.end(fault);
  }

  /** Resolves when a request like this has been made, those before the call included. */
  async until(request: string, times = 1): Promise<void> {
    while (this.asked.filter((one) => one === request).length < times) await once(this.#news, 'asked');
  }

  #note(request: string): void {
    this.asked.push(request);
    this.#news.emit('asked');
  }

  async #call(call: ApiCall): Promise<unknown> {
    const { method, query = {} } = call;
    if (method !== 'GET') {
      this.#note(method);
      return this.answer(call);
    }
    const { limit: _limit, ...rest } = query;
    this.#note(`list ${JSON.stringify(rest)}`);
    const fault = this.faults.shift();
    if (fault !== undefined) throw fault;
    return { metadata: { resourceVersion: String(this.version) }, items: this.objects };
  }

  #open({ resourceVersion }: Record<string, string>, { onEvent, signal }: WatchTerms): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const end = (fault?: ApiFault) => (fault === undefined ? resolve() : reject(fault));
    this.#watch = { say: onEvent, end };
    signal.addEventListener('abort', () => resolve(), { once: true });
    const fault = this.faults.shift();
    if (fault !== undefined) reject(fault);
    this.#note(`watch ${resourceVersion}`);
    return promise;
  }
}

interface WatchTerms {
  readonly onEvent: (event: WatchEvent) => void;
  readonly signal: AbortSignal;
}
