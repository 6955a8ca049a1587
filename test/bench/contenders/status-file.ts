import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** The fields of a group's status that a bench looks at. */
export interface SeenStatus {
  currentPrimary?: string;
  transition?: { to?: string };
  lastTransition?: { kind?: string; to?: string; detectSeconds?: number };
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
}

/** How long at most until the file is read again when the watch of its folder tells nothing. */
const REREAD_MS = 250;

/** Resolves with the first status that passes. Rejects when the signal is aborted, with its reason. */
export async function untilStatus(
  file: string,
  passes: (status: SeenStatus) => boolean,
  signal: AbortSignal,
): Promise<SeenStatus> {
  return new Promise((resolve, reject) => {
    const look = () =>
      void readStatus(file).then((status) => {
        if (status === undefined || !passes(status)) return;
        end();
        resolve(status);
      });
    const aborted = () => {
      end();
      reject(signal.reason);
    };
    // The folder, not the file: the file is replaced by rename.
    const watcher = watch(dirname(file), (_, name) => {
      if (name === null || name === basename(file)) look();
    });
    const timer = setInterval(look, REREAD_MS);
    const end = () => {
      watcher.close();
      clearInterval(timer);
      signal.removeEventListener('abort', aborted);
    };
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted);
    look();
  });
}

/** The last status written, or undefined when there is none yet. */
export async function readStatus(file: string): Promise<SeenStatus | undefined> {
  try {
    const document = JSON.parse(await readFile(file, 'utf8')) as SeenStatus & { status?: SeenStatus };
    // Alone in its file, or as part of the whole resource.
    return document.status ?? document;
  } catch {
    return undefined;
  }
}
