import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Status } from '../../crd/status.ts';
import { statusFileOf } from '../file-store/status-file.ts';
import { readRecordedStatus } from './recorded-status.ts';

/** How long at most (ms) until the record is read again when the watch of its folder tells nothing. */
const rereadMs = 100;

export interface Following<T> {
  /** The group's file, beside which the record stands. */
  readonly file: string;
  readonly timeoutMs: number;
  /** The verdict on a record, or nothing while it is not clear. Called for the present record too. */
  readonly judge: (status: Status) => T | undefined;
}

/** Follows what the controller writes to the first verdict; `timeout` when there is none in time. */
export function followStatus<T>({ file, timeoutMs, judge }: Following<T>): Promise<T | 'timeout'> {
  const { promise, resolve, reject } = Promise.withResolvers<T | 'timeout'>();
  const name = basename(statusFileOf(file));
  let lastRead = 0;
  const look = async (): Promise<void> => {
    lastRead += 1;
    const turn = lastRead;
    const { status } = await readRecordedStatus(file);
    // Reads may overtake each other: only the newest counts.
    const verdict = turn === lastRead ? judge(status) : undefined;
    if (verdict !== undefined) resolve(verdict);
  };
  const lookNow = () => void look().catch(reject);
  const watcher = watchFolder(dirname(file), (changed) => {
    if (changed === null || changed === name) lookNow();
  });
  const timer = setInterval(lookNow, rereadMs);
  const end = setTimeout(resolve, timeoutMs, 'timeout');
  lookNow();
  return promise.finally(() => {
    watcher?.close();
    clearInterval(timer);
    clearTimeout(end);
  });
}

/** Of the folder, not of the file, which is replaced by rename. Without a watch there are the repeated reads. */
function watchFolder(folder: string, onChange: (name: string | null) => void): FSWatcher | undefined {
  try {
    return watch(folder, (_event, name) => onChange(name)).on('error', () => undefined);
  } catch {
    return undefined;
  }
}
