import type { Timers } from './ports/timers.ts';
import { processTimers } from './process-timers.ts';

/**
 * Keys waiting for work, as in controller-runtime: a key is worked on by one worker at a time; added again
 * meanwhile, it is worked on once more; added with a delay, the earliest time counts.
 */
export class WorkQueue {
  readonly #work: (key: string) => Promise<void>;
  readonly #running = new Set<string>();
  readonly #again = new Set<string>();
  readonly #timers = new Map<string, { readonly disarm: () => void; readonly due: number }>();
  readonly #settled = new Map<string, Promise<void>>();
  readonly #timing: Timers;
  #closed = false;

  /** `work` must not reject. */
  constructor(work: (key: string) => Promise<void>, timing: Timers = processTimers) {
    this.#work = work;
    this.#timing = timing;
  }

  add(key: string): void {
    if (this.#closed) return;
    this.#disarm(key);
    if (this.#running.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#running.add(key);
    this.#settled.set(key, this.#run(key));
  }

  /** Milliseconds from now; an earlier appointment of the same key stays. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#closed) return;
    const due = this.#timing.now() + milliseconds;
    const known = this.#timers.get(key);
    if (known !== undefined && known.due <= due) return;
    this.#disarm(key);
    const disarm = this.#timing.after(milliseconds, () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, { disarm, due });
  }

  forget(key: string): void {
    this.#disarm(key);
    this.#again.delete(key);
  }

  /** Takes no more work and resolves when what is under way has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const key of [...this.#timers.keys()]) this.#disarm(key);
    this.#again.clear();
    await Promise.all(this.#settled.values());
  }

  async #run(key: string): Promise<void> {
    // The caller of add goes on first: work never begins inside the call that asked for it.
    await Promise.resolve();
    do {
      this.#again.delete(key);
      await this.#work(key);
    } while (this.#again.has(key) && !this.#closed);
    this.#running.delete(key);
    this.#settled.delete(key);
  }

  #disarm(key: string): void {
    this.#timers.get(key)?.disarm();
    this.#timers.delete(key);
  }
}
