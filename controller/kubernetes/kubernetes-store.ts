import type { FailoverGroup } from '../../crd/failover-group.ts';
import type { Status } from '../../crd/status.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import { Reason } from '../../reconcilers/reasons.ts';
import type { RejectedGroup, StoredGroup, StorePort } from '../ports/store.ts';
import { ApiFault } from './api-fault.ts';
import { finalizer, type GroupObject, readGroupObject } from './group-object.ts';
import { type KubeAccess, type KubeObject, PatchType } from './kube-access.ts';
import { Reflector, type ReflectorTerms } from './reflector.ts';
import { Turnstile } from './turnstile.ts';

const root = '/apis/understudy.dev/v1alpha1';

/** Every request under way has a TLS connection of its own: a thousand groups at once would exhaust both sides. */
const writesAtOnce = 16;
/** A write that could not be begun within this (ms) is not begun any more: what it was decided on is old. */
const longestWaitMs = 5_000;

/** What is known of one object. */
interface Known {
  readonly object: GroupObject;
  /** The last document of this very object that was good. */
  readonly good: FailoverGroup | undefined;
}

/** What the watch told of an object while a write of ours was on its way. */
interface Flight {
  readonly seen: Set<string | undefined>;
  listed: boolean;
}

/**
 * FailoverGroups in a Kubernetes cluster, mirrored; keys are `namespace/name`. Spec is never written. Status goes
 * through the status subresource, with the resourceVersion that it was decided on as a precondition.
 */
export class KubernetesStore implements StorePort {
  readonly #access: KubeAccess;
  readonly #reflector: Reflector;
  readonly #known = new Map<string, Known>();
  /** The version of our own last write, by key, until the watch has caught up with it: what comes before is older. */
  readonly #awaited = new Map<string, string>();
  readonly #flights = new Map<string, Flight>();
  readonly #turnstile = new Turnstile(writesAtOnce);
  #onChange: (key: string) => void = () => undefined;
  #started: Promise<void> | undefined;
  #listening = 0;

  /** `namespace`: only that one's groups; absent: those of the whole cluster. */
  constructor(access: KubeAccess, namespace?: string, onFault?: NonNullable<ReflectorTerms['onFault']>) {
    this.#access = access;
    this.#reflector = new Reflector(access, {
      path:
        namespace === undefined ? `${root}/failovergroups` : `${root}/namespaces/${namespace}/failovergroups`,
      onChange: (key, object) => this.#take(key, object),
      ...(onFault === undefined ? {} : { onFault }),
    });
  }

  /** Fills the mirror without telling anybody yet: a standby keeps it warm. Resolves with the first list. */
  mirror(): Promise<void> {
    this.#started ??= this.#reflector.start();
    return this.#started;
  }

  /** What is mirrored when this resolves is no older than this call: who begins to lead acts on no old view. */
  async start(onChange: (key: string) => void): Promise<void> {
    this.#listening += 1;
    const turn = this.#listening;
    if (this.#started === undefined) await this.mirror();
    else await this.#reflector.relist();
    // It may have been stopped meanwhile, or even started for somebody else.
    if (turn === this.#listening) this.#onChange = onChange;
  }

  /** Tells nobody of changes any more; the mirror goes on. */
  async stop(): Promise<void> {
    this.#listening += 1;
    this.#onChange = () => undefined;
  }

  /** Ends the mirror too. */
  async close(): Promise<void> {
    await this.stop();
    await this.#reflector.stop();
  }

  get staleMs(): number | undefined {
    return this.#reflector.staleMs;
  }

  get restarts(): number {
    return this.#reflector.restarts;
  }

  keys(): readonly string[] {
    return [...this.#known.keys()];
  }

  get(key: string): StoredGroup | undefined {
    const known = this.#known.get(key);
    if (known?.good === undefined) return undefined;
    const { object, good } = known;
    const { version, status, generation } = object;
    const problem = problemOf(object);
    return {
      key,
      group: { ...good, metadata: { ...good.metadata, generation } },
      status,
      version,
      ...(problem === undefined ? {} : { problem }),
      ...(object.deleting ? { retiring: true } : {}),
    };
  }

  rejected(key: string): RejectedGroup | undefined {
    const known = this.#known.get(key);
    if (known === undefined || known.good !== undefined) return undefined;
    const { version, status, generation } = known.object;
    const problem = problemOf(known.object) ?? '';
    const retiring = known.object.deleting ? { retiring: true } : {};
    return { key, generation, status, version, problem, ...retiring };
  }

  /** Of the object with that key, be its document good or not: what Events and owned objects refer to it by. */
  uid(key: string): string | undefined {
    return this.#known.get(key)?.object.uid;
  }

  async writeStatus(key: string, status: Status, version: string): Promise<Outcome> {
    const [namespace, name] = key.split('/');
    const path = `${root}/namespaces/${namespace}/failovergroups/${name}/status`;
    const metadata = { name, namespace, resourceVersion: version };
    const object = this.#reflector.get(key);
    if (object === undefined || version === '') return nothingThere(key);
    const body = { apiVersion: object.apiVersion, kind: object.kind, metadata, spec: object.spec, status };
    // Of a change of primary clients wait for the end.
    const hurry = status.transition !== undefined;
    return this.#write(key, () => this.#access.call({ method: 'PUT', path, body }), hurry);
  }

  claim(key: string): Promise<Outcome> {
    return this.#setFinalizers(key, (present) =>
      present.includes(finalizer) ? present : [...present, finalizer],
    );
  }

  letGo(key: string): Promise<Outcome> {
    return this.#setFinalizers(key, (present) => present.filter((one) => one !== finalizer));
  }

  /** A merge patch of metadata alone; a change by somebody else in between is refused by the server (409). */
  async #setFinalizers(
    key: string,
    change: (present: readonly string[]) => readonly string[],
  ): Promise<Outcome> {
    const object = this.#known.get(key)?.object;
    if (object === undefined) return { kind: 'done' };
    const finalizers = change(object.finalizers);
    // The server takes no new finalizers for what is being deleted.
    if (finalizers.length === object.finalizers.length || (object.deleting && finalizers.includes(finalizer)))
      return { kind: 'done' };
    const [namespace, name] = key.split('/');
    const path = `${root}/namespaces/${namespace}/failovergroups/${name}`;
    const body = { metadata: { resourceVersion: object.version, finalizers } };
    return this.#write(key, () => this.#access.call({ method: 'PATCH', path, body, patch: PatchType.Merge }));
  }

  /** The answer is taken into the mirror at once: the next pass decides on what this one wrote. */
  async #write(key: string, send: () => Promise<KubeObject>, hurry = false): Promise<Outcome> {
    const askedAt = performance.now();
    return this.#turnstile.pass(async () => {
      if (performance.now() - askedAt > longestWaitMs) return crowded;
      return this.#send(key, send);
    }, hurry);
  }

  async #send(key: string, send: () => Promise<KubeObject>): Promise<Outcome> {
    const flight: Flight = { seen: new Set(), listed: false };
    this.#flights.set(key, flight);
    try {
      this.#takeAnswer(key, await send(), flight);
      return { kind: 'done' };
    } catch (cause) {
      if (cause instanceof ApiFault) return outcomeOf(cause, key);
      throw cause;
    } finally {
      this.#flights.delete(key);
    }
  }

  /** Versions are opaque: whether the watch is behind or ahead of an answer is known by what it has told meanwhile. */
  #takeAnswer(key: string, answer: KubeObject, { seen, listed }: Flight): void {
    const version = answer.metadata.resourceVersion;
    if (listed) {
      // The list may be older or newer than the answer: a fresh one is neither.
      this.#reflector.relist().catch(() => undefined);
      return;
    }
    const before = this.#known.get(key)?.object.version;
    // Undefined among them: it is gone. Nothing written: no event will come.
    if (seen.has(version) || seen.has(undefined) || version === undefined || version === before) return;
    // The last finalizer of a deleted object takes it away, and its end is told without this version.
    if (answer.metadata.deletionTimestamp !== undefined && !hasFinalizers(answer)) return;
    this.#note(key, answer);
    this.#awaited.set(key, version);
  }

  #take(key: string, object: KubeObject | undefined): void {
    const version = object?.metadata.resourceVersion;
    const flight = this.#flights.get(key);
    flight?.seen.add(version);
    const awaited = this.#awaited.get(key);
    if (this.#reflector.isListing) {
      if (flight !== undefined) flight.listed = true;
    } else if (awaited !== undefined && object !== undefined) {
      if (awaited === version) this.#awaited.delete(key);
      return;
    }
    this.#awaited.delete(key);
    if (object === undefined) this.#known.delete(key);
    else this.#note(key, object);
    this.#onChange(key);
  }

  #note(key: string, object: KubeObject): void {
    const read = readGroupObject(object);
    const before = this.#known.get(key);
    // One that was deleted and made anew has nothing to do with the one before.
    const kept = before?.object.uid === read.uid ? before.good : undefined;
    this.#known.set(key, { object: read, good: read.document.ok ? read.document.group : kept });
  }
}

const hasFinalizers = ({ metadata }: KubeObject): boolean =>
  Array.isArray(metadata.finalizers) && metadata.finalizers.length > 0;

function problemOf({ document, statusProblem }: GroupObject): string | undefined {
  const problems = [document.ok ? undefined : document.problem, statusProblem].filter(
    (one) => one !== undefined,
  );
  return problems.length === 0 ? undefined : problems.join('\n');
}

const crowded: Outcome = {
  kind: 'refused',
  reason: Reason.StoreUnavailable,
  message: 'The API server is too slow for all that is to be recorded: nothing was sent.',
};

const nothingThere = (key: string): Outcome => ({
  kind: 'refused',
  reason: 'NotFound',
  message: `There is no group ${key}.`,
});

function outcomeOf(fault: ApiFault, key: string): Outcome {
  switch (fault.code) {
    case 'Unknown':
      return { kind: 'unknown', reason: Reason.OutcomeUnknown, message: fault.message };
    case 'Conflict':
      return { kind: 'refused', reason: 'Conflict', message: `${key} was changed by somebody else.` };
    case 'NotFound':
      return nothingThere(key);
    default:
      return {
        kind: 'refused',
        reason: Reason.StoreUnavailable,
        message: `${fault.message}: nothing is changed until status can be recorded.`,
      };
  }
}
