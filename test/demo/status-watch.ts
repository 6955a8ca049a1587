import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Status } from '../../crd/status.ts';

/** How long at most until the file is read again, if the watch of its folder tells nothing. */
const rereadMs = 50;

export type StatusProbe = (status: Status) => boolean;

/** Follows the status that the controller writes beside the group's file. */
export class StatusWatch {
  readonly #file: string;
  readonly #listeners = new Set<(status: Status) => void>();
  readonly #close: () => void;
  #latest: Status = {};
  #text = '';

  constructor(file: string) {
    this.#file = file;
    // The folder, not the file: the file is replaced by rename.
    const watcher = watch(dirname(file), (_, name) => {
      if (name === null || name === basename(file)) void this.#read();
    });
    const timer = setInterval(() => void this.#read(), rereadMs);
    this.#close = () => {
      watcher.close();
      clearInterval(timer);
    };
  }

  get latest(): Status {
    return this.#latest;
  }

  /** Called with each new status. */
  onChange(listener: (status: Status) => void): void {
    this.#listeners.add(listener);
  }

  /** Resolves with the first status that passes, the latest included. Rejects when the signal is aborted. */
  until(passes: StatusProbe, signal: AbortSignal): Promise<Status> {
    return new Promise((resolve, reject) => {
      const look = (status: Status) => {
        if (!passes(status)) return;
        end();
        resolve(status);
      };
      const aborted = () => {
        end();
        reject(signal.reason);
      };
      const end = () => {
        this.#listeners.delete(look);
        signal.removeEventListener('abort', aborted);
      };
      this.#listeners.add(look);
      signal.addEventListener('abort', aborted);
      if (signal.aborted) aborted();
      else look(this.#latest);
    });
  }

  close(): void {
    this.#close();
    this.#listeners.clear();
  }

  async #read(): Promise<void> {
    const text = await readFile(this.#file, 'utf8').catch(() => '');
    if (text === '' || text === this.#text) return;
    this.#text = text;
    this.#latest = (JSON.parse(text) as { status: Status }).status;
    for (const listener of [...this.#listeners]) listener(this.#latest);
  }
}

/** What the group itself says of its state: for the message when something did not happen in time. */
export function describeStatus({ currentPrimary, epoch, transition, conditions }: Status): string {
  const head = `primary ${currentPrimary ?? 'none'}, epoch ${epoch ?? 0}${transition ? `, ${transition.kind} to ${transition.to} at ${transition.step}` : ''}`;
  const lines = (conditions ?? []).map(
    ({ type, status, reason, message }) => `  ${type}=${status} ${reason}: ${message}`,
  );
  return [head, ...lines].join('\n');
}
