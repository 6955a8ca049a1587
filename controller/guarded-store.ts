import type { Status } from '../crd/status.ts';
import type { Outcome } from '../reconcilers/action.ts';
import { barred } from './guarded-nodes.ts';
import type { Leadership } from './leadership.ts';
import type { RejectedGroup, StoredGroup, StorePort } from './ports/store.ts';

/** A write that was sent has taken effect, or never will, after this long (ms). */
const writeMs = 5_000;

/**
 * The store as a leader may use it. What a controller decided before it was frozen may rest on a version that nobody
 * has changed since: no precondition stops it then, and the next leader would carry out what it recorded.
 */
export class GuardedStore implements StorePort {
  readonly #inner: StorePort;
  readonly #leadership: Leadership;

  constructor(inner: StorePort, leadership: Leadership) {
    this.#inner = inner;
    this.#leadership = leadership;
  }

  start(onChange: (key: string) => void): Promise<void> {
    return this.#inner.start(onChange);
  }

  keys(): readonly string[] {
    return this.#inner.keys();
  }

  get(key: string): StoredGroup | undefined {
    return this.#inner.get(key);
  }

  rejected(key: string): RejectedGroup | undefined {
    return this.#inner.rejected(key);
  }

  /** Whoever does it, it is the same, and the next leader would do it too. */
  claim(key: string): Promise<Outcome> {
    return this.#inner.claim(key);
  }

  async letGo(key: string): Promise<Outcome> {
    return barred(this.#leadership, writeMs) ?? this.#inner.letGo(key);
  }

  async writeStatus(key: string, status: Status, version: string): Promise<Outcome> {
    return barred(this.#leadership, writeMs) ?? this.#inner.writeStatus(key, status, version);
  }

  stop(): Promise<void> {
    return this.#inner.stop();
  }
}
