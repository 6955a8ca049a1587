import type { FSWatcher } from 'node:fs';
import { watch } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

const ownFiles = /\.status\.json(\.|$)|^\..*\.tmp$/;

/**
 * Tells that something moved in the folders that the given paths live in, and in the folders that they point
 * to: an edit in place, a rename over it, or a swap of the link behind it. What we write ourselves is left out.
 */
export class FolderWatch {
  readonly #onMove: () => void;
  readonly #watchers = new Map<string, FSWatcher>();
  #isClosed = false;

  constructor(onMove: () => void) {
    this.#onMove = onMove;
  }

  /** Watches the folders of these paths and of their targets, and no others. */
  async follow(paths: readonly string[]): Promise<void> {
    const folders = new Set<string>();
    for (const path of paths) {
      folders.add(dirname(path));
      const target = await realpath(path).catch(() => path);
      folders.add(dirname(target));
    }
    // A watch that outlives its owner keeps the process from ending.
    if (this.#isClosed) return;
    for (const [folder, watcher] of this.#watchers)
      if (!folders.has(folder)) {
        watcher.close();
        this.#watchers.delete(folder);
      }
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#watch(folder);
  }

  close(): void {
    this.#isClosed = true;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, (_event, name) => {
        if (name === null || !ownFiles.test(basename(name))) this.#onMove();
      });
      // A watch that breaks is no loss: the poll sees what it would have told.
      watcher.on('error', () => {
        watcher.close();
        this.#watchers.delete(folder);
      });
      this.#watchers.set(folder, watcher);
    } catch {
      this.#watchers.delete(folder);
    }
  }
}
