import { setTimeout as delay } from 'node:timers/promises';
import type { News } from '../../reconcilers/news.ts';
import { ApiFault } from './api-fault.ts';
import { eventName, eventObject, type ObjectRef } from './event-object.ts';
import type { ApiCall, KubeAccess } from './kube-access.ts';
import { TokenBuckets } from './token-buckets.ts';

interface RecorderTerms {
  /** Who reports: the same in every replica. */
  readonly component: string;
  /** Which of the replicas reports. */
  readonly instance: string;
  /** Wall clock in ms; absent: the machine's. */
  readonly now?: () => number;
}

/** The same thing said of the same object again and again: one Event with a count. */
interface Series {
  readonly key: string;
  readonly name: string;
  readonly ref: ObjectRef;
  readonly news: News;
  readonly firstAt: number;
  lastAt: number;
  count: number;
  /** The server has it. */
  created: boolean;
  queued: boolean;
}

/** What is said again within this is counted, not told anew (k8s.io/client-go/tools/record, events_cache.go). */
const sameWithinMs = 600_000;
const longestQueue = 200;
const mostSeries = 2_000;
/** A lost answer or a server that is away for a moment; each request may be sent again without harm. */
const retryMs: readonly number[] = [200, 1_000, 3_000];
const mergePatch: NonNullable<ApiCall['patch']> = 'application/merge-patch+json';

/**
 * Tells news as core/v1 Events, as client-go does: the same within 10 minutes is one Event with a count, and a
 * token bucket bounds what one object may tell (25 at once, then one every 10 s). Nobody waits for it: what the
 * server does not take is dropped and counted.
 */
export class EventRecorder {
  readonly #access: Pick<KubeAccess, 'call'>;
  readonly #terms: Required<RecorderTerms>;
  readonly #series = new Map<string, Series>();
  readonly #queue: Series[] = [];
  readonly #buckets = new TokenBuckets(25, 10_000);
  #sending: Promise<void> | undefined;
  #dropped = 0;
  #lastName = 0n;
  readonly #ending = new AbortController();

  constructor(access: Pick<KubeAccess, 'call'>, terms: RecorderTerms) {
    this.#access = access;
    this.#terms = { now: () => Date.now(), ...terms };
  }

  /** News that no Event tells: too many at once, or the API server did not take them. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Returns at once. `news` holds no secret: its words come from conditions and outcomes. */
  record(ref: ObjectRef, news: News): void {
    const now = this.#terms.now();
    const key = JSON.stringify([ref.uid, ref.namespace, ref.name, news.type, news.reason, news.message]);
    const known = this.#series.get(key);
    const series = known !== undefined && now - known.lastAt <= sameWithinMs ? known : undefined;
    // What waits to be sent takes the new count along.
    if (series?.queued !== true && !this.#mayQueue(ref, now)) return;
    if (series === undefined) this.#begin({ key, ref, news }, now);
    else {
      series.count += 1;
      series.lastAt = now;
      this.#enqueue(series);
    }
  }

  /** Waits until all is told, for so long (ms) at the most; what is left then is dropped. */
  async flush(milliseconds: number): Promise<void> {
    const late = new AbortController();
    await Promise.race([
      this.#sending,
      delay(milliseconds, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
    this.#dropped += this.#queue.splice(0).length;
    this.#ending.abort();
  }

  #mayQueue(ref: ObjectRef, now: number): boolean {
    const may =
      !this.#ending.signal.aborted &&
      this.#queue.length < longestQueue &&
      this.#buckets.take(`${ref.namespace}/${ref.name}`, now);
    if (!may) this.#dropped += 1;
    return may;
  }

  #begin({ key, ref, news }: Pick<Series, 'key' | 'ref' | 'news'>, now: number): void {
    if (this.#series.size >= mostSeries) this.#forgetOld(now);
    // Nanoseconds, as client-go has them; never the same twice, and in the order of what happened.
    const stamp = BigInt(Math.round(now)) * 1_000_000n;
    this.#lastName = stamp > this.#lastName ? stamp : this.#lastName + 1n;
    const name = eventName(ref.name, this.#lastName);
    const times = { firstAt: now, lastAt: now, count: 1 };
    const series: Series = { key, name, ref, news, ...times, created: false, queued: false };
    this.#series.set(key, series);
    this.#enqueue(series);
  }

  #forgetOld(now: number): void {
    for (const [key, { lastAt }] of this.#series)
      if (now - lastAt > sameWithinMs || this.#series.size >= mostSeries) this.#series.delete(key);
  }

  #enqueue(series: Series): void {
    if (series.queued) return;
    series.queued = true;
    this.#queue.push(series);
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  /** In order, one at a time. */
  async #send(): Promise<void> {
    for (let series = this.#queue.shift(); series !== undefined; series = this.#queue.shift()) {
      series.queued = false;
      if (await this.#deliver(series)) continue;
      this.#dropped += 1;
      // Whether the server has it is not known: what is said next is a new Event.
      if (!series.created) this.#series.delete(series.key);
    }
  }

  async #deliver(series: Series): Promise<boolean> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.#write(series);
        return true;
      } catch (cause) {
        const pause = retryMs[attempt];
        if (!(cause instanceof ApiFault) || pause === undefined || this.#ending.signal.aborted) return false;
        if (cause.code === 'NotFound' && series.created) {
          // Events live for an hour; the server has forgotten this one.
          series.created = false;
          continue;
        }
        // A name is used once: it is there because an earlier attempt of ours got through.
        if (cause.code === 'Conflict' && !series.created) {
          series.created = true;
          continue;
        }
        if (cause.code !== 'Unknown' && cause.code !== 'Unavailable') return false;
        await delay(pause, undefined, { signal: this.#ending.signal }).catch(() => undefined);
      }
    }
  }

  async #write(series: Series): Promise<void> {
    const { ref, name, count, created } = series;
    const collection = `/api/v1/namespaces/${ref.namespace}/events`;
    if (!created) {
      const body = eventObject(series, this.#terms);
      await this.#access.call({ method: 'POST', path: collection, body });
      series.created = true;
      return;
    }
    const body = { count, lastTimestamp: new Date(series.lastAt).toISOString() };
    await this.#access.call({ method: 'PATCH', path: `${collection}/${name}`, patch: mergePatch, body });
  }
}
