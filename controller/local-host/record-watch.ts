import type { FSWatcher } from 'node:fs';
import { watch } from 'node:fs';

/** A record is written as a new file and a rename: both are one change (ms). */
const togetherMs = 3;

/** Tells that a supervisor of the folder has written a record: a unit ended, or was started again. */
export class RecordWatch {
  readonly #listeners = new Set<() => void>();
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  add(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Watches from here on; again after a watch that broke. Without a watch the caller's own probes remain. */
  follow(records: string): void {
    if (this.#watcher !== undefined) return;
    try {
      this.#watcher = watch(records, { persistent: false }, (_event, name) => {
        if (name?.endsWith('.record') !== false) this.#tellSoon();
      });
      this.#watcher.on('error', () => this.close());
    } catch {
      this.#watcher = undefined;
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const listener of this.#listeners) listener();
    }, togetherMs);
  }
}
