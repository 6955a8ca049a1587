import type { Leadership } from '../leadership.ts';
import { ApiFault } from './api-fault.ts';
import { belongsTo, epochOn, type OwnedObject, patchFor } from './endpoint-objects.ts';
import type { ApiCall, KubeAccess, KubeObject } from './kube-access.ts';
import type { Turnstile } from './turnstile.ts';

/** What shall be: the object, or (undefined) none of that name; for the group with that uid. */
export interface Wish {
  readonly uid: string;
  readonly object: OwnedObject | undefined;
}

export type KeptEvent =
  | { readonly kind: 'written'; readonly method: string; readonly milliseconds: number }
  /** One of the same name that is not the group's: it is left alone. */
  | { readonly kind: 'taken' }
  /** It was written under a higher epoch than this one. */
  | { readonly kind: 'newer'; readonly epoch: number }
  /** The server refuses what was sent, for good. */
  | { readonly kind: 'refused'; readonly fault: ApiFault }
  | { readonly kind: 'well' };

export interface KeeperTerms {
  readonly access: Pick<KubeAccess, 'call'>;
  readonly leadership: Leadership;
  /** Whoever is in no hurry passes through it. */
  readonly turnstile: Turnstile;
  /** Path of the object. */
  readonly path: string;
  readonly tell: (event: KeptEvent) => void;
}

/** No request may outlast the lease that it is sent under (ms). */
const callMs = 2_000;
const firstBackoffMs = 50;
const longestBackoffMs = 5_000;
/** What somebody changed is looked at when the watch has caught up with our own writes (ms). */
const settleMs = 100;
/** How soon it is looked whether there is time left to lead again (ms). */
const unledMs = 1_000;
/** Conflicts in a row before it is left to a later try. */
const mostConflicts = 5;
const mergePatch: NonNullable<ApiCall['patch']> = 'application/merge-patch+json';

/**
 * Keeps one object of the cluster as it shall be, with the fewest writes: none while it is. Every write holds for
 * the version that it was decided on, none goes over a higher epoch, and none is sent without time left to lead.
 */
export class KeptObject {
  readonly #terms: KeeperTerms;
  #live: KubeObject | undefined;
  #wish: Wish | undefined;
  #dueAt = 0;
  #busy = false;
  /** Begins what waits for its turn. */
  #begin: (() => void) | undefined;
  /** Something was wished for meanwhile; urgently, or not. */
  #again: { readonly urgent: boolean } | undefined;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(terms: KeeperTerms, live: KubeObject | undefined) {
    this.#terms = terms;
    this.#live = live;
  }

  /** Makes it so; at once, past everybody who waits, when it is urgent. */
  want(wish: Wish, urgent = false): void {
    this.#wish = wish;
    this.#dueAt = performance.now();
    this.#go(urgent);
  }

  /** What the mirror shows of it. */
  saw(live: KubeObject | undefined): void {
    this.#live = live;
    if (this.#busy) return;
    this.#dueAt = performance.now();
    this.#later(settleMs);
  }

  /** Looks whether the name is free by now, and at what was put off. */
  recheck(): void {
    this.#go(false);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => this.#go(false), ms);
    this.#timer.unref();
  }

  #go(urgent: boolean): void {
    if (this.#stopped) return;
    if (this.#busy) {
      // It goes by the newest wish, whenever it begins.
      if (urgent && this.#begin !== undefined) this.#begin();
      else this.#again = { urgent: urgent || this.#again?.urgent === true };
      return;
    }
    clearTimeout(this.#timer);
    if (this.#wish === undefined) return;
    if (!this.#isTaken() && this.#next(this.#wish) === undefined) {
      // To a deposed leader all is newer.
      if (this.#leads()) this.#terms.tell(this.#standing());
      return;
    }
    this.#busy = true;
    let begun: Promise<void> | undefined;
    const begin = (): Promise<void> => {
      if (begun !== undefined) return begun;
      this.#begin = undefined;
      begun = this.#work().then(() => this.#ended());
      return begun;
    };
    this.#begin = () => void begin();
    if (urgent) void begin();
    else void this.#terms.turnstile.pass(begin);
  }

  #ended(): void {
    this.#busy = false;
    const again = this.#again;
    this.#again = undefined;
    if (again !== undefined) this.#go(again.urgent);
  }

  /** Rejects never: a fault puts the rest off. */
  async #work(): Promise<void> {
    const { tell } = this.#terms;
    try {
      if (this.#isTaken()) await this.#read();
      for (let conflicts = 0; conflicts < mostConflicts; conflicts += 1) {
        const call = this.#wish === undefined ? undefined : this.#next(this.#wish);
        if (call === undefined || this.#stopped) break;
        // Whoever leads then does it.
        if (!this.#leads()) return this.#later(unledMs);
        if (!(await this.#send(call))) await this.#read();
      }
      this.#failures = 0;
      tell(this.#standing());
      // Somebody else keeps writing it.
      if (this.#wish !== undefined && this.#next(this.#wish) !== undefined) this.#later(longestBackoffMs);
    } catch (cause) {
      const fault = cause instanceof ApiFault ? cause : new ApiFault('Unknown', 'unexpected', { cause });
      this.#failures += 1;
      if (fault.code === 'Invalid' || fault.code === 'Forbidden') tell({ kind: 'refused', fault });
      this.#later(Math.min(firstBackoffMs * 2 ** (this.#failures - 1), longestBackoffMs));
    }
  }

  #leads(): boolean {
    return this.#terms.leadership.leftMs() >= callMs;
  }

  /** The request that is due, or nothing: it is as it shall be, it is another's, or a newer leader has written it. */
  #next({ uid, object }: Wish): ApiCall | undefined {
    const { path } = this.#terms;
    const live = this.#live;
    if (live === undefined) {
      if (object === undefined) return undefined;
      return { method: 'POST', path: path.slice(0, path.lastIndexOf('/')), body: object.body };
    }
    if (!belongsTo(live, uid)) return undefined;
    const { resourceVersion } = live.metadata;
    if (object === undefined) {
      const preconditions = { uid: live.metadata.uid, resourceVersion };
      return { method: 'DELETE', path, body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions } };
    }
    if (newerThan(object, live) !== undefined) return undefined;
    const patch = patchFor(live, object) as { metadata?: object } | undefined;
    if (patch === undefined) return undefined;
    const body = { ...patch, metadata: { ...patch.metadata, resourceVersion } };
    return { method: 'PATCH', path, patch: mergePatch, body };
  }

  /** By another's object, which no mirror of ours needs to show. */
  #isTaken(): boolean {
    if (this.#wish?.object === undefined || this.#live === undefined) return false;
    return !belongsTo(this.#live, this.#wish.uid);
  }

  #standing(): KeptEvent {
    if (this.#isTaken()) return { kind: 'taken' };
    const object = this.#wish?.object;
    const live = this.#live;
    if (object === undefined || live === undefined) return { kind: 'well' };
    const epoch = newerThan(object, live);
    // The same under a higher epoch is what it shall be.
    if (epoch === undefined || patchFor(live, object) === undefined) return { kind: 'well' };
    return { kind: 'newer', epoch };
  }

  /** False when what it was decided on is no longer so. */
  async #send(call: ApiCall): Promise<boolean> {
    const since = this.#dueAt;
    try {
      const answer = await this.#terms.access.call({ ...call, timeoutMs: callMs });
      this.#live = call.method === 'DELETE' ? undefined : answer;
      const milliseconds = performance.now() - since;
      this.#terms.tell({ kind: 'written', method: call.method, milliseconds });
      return true;
    } catch (cause) {
      if (cause instanceof ApiFault && (cause.code === 'Conflict' || cause.code === 'NotFound')) return false;
      throw cause;
    }
  }

  async #read(): Promise<void> {
    try {
      this.#live = await this.#terms.access.call({
        method: 'GET',
        path: this.#terms.path,
        timeoutMs: callMs,
      });
    } catch (cause) {
      if (!(cause instanceof ApiFault) || cause.code !== 'NotFound') throw cause;
      this.#live = undefined;
    }
  }
}

/** The higher epoch that the live object was written under, or nothing. */
function newerThan({ epoch }: OwnedObject, live: KubeObject): number | undefined {
  const written = epochOn(live);
  return epoch !== undefined && written !== undefined && written > epoch ? written : undefined;
}
