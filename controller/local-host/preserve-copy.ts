import { constants } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { HostFault, wordsOf } from './host-fault.ts';

export interface PreserveOrder {
  readonly source: string;
  /** Made when it is missing. */
  readonly folder: string;
  readonly epoch: number;
  /** How many copies of files of this name are kept, the newest. */
  readonly keep: number;
  readonly date: Date;
}

/**
 * Copies the file to `<folder>/<date>-epoch<N>-<name>`; on the disk when it resolves. Shares the blocks where
 * the file system can. Throws PreserveImpossible and leaves no half of a copy.
 */
export async function preserveCopy(order: PreserveOrder): Promise<{ path: string; bytes: number }> {
  const { source, folder, epoch, keep, date } = order;
  const name = basename(source);
  const stamp = date.toISOString().replaceAll(':', '-');
  const path = join(folder, `${stamp}-epoch${epoch}-${name}`);
  const partial = join(folder, `.partial-${name}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await copyFile(source, partial, constants.COPYFILE_FICLONE);
    const bytes = await flushed(partial);
    await rename(partial, path);
    await flushed(folder);
    await dropOldest(folder, name, Math.max(keep, 1));
    return { path, bytes };
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => undefined);
    const message = `${source} could not be copied to ${folder}: ${wordsOf(cause)}`;
    throw new HostFault('PreserveImpossible', message, { cause });
  }
}

/** fsync; the size. */
async function flushed(path: string): Promise<number> {
  const file = await open(path, 'r');
  try {
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

async function dropOldest(folder: string, name: string, keep: number): Promise<void> {
  const copies = (await readdir(folder)).filter(
    (entry) => /^\d{4}-[\dT.-]+Z-epoch\d+-/.test(entry) && entry.replace(/^.*?-epoch\d+-/, '') === name,
  );
  for (const old of copies.sort().slice(0, -keep)) await rm(join(folder, old), { force: true });
}
