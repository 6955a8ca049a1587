import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The new text is in place, but whether it would outlive a loss of power is not known. */
export class NotFlushed extends Error {}

/**
 * Replaces a file as a whole: after a crash at any moment there is the old text or the new one. On return it is
 * on the disk: fsync of the new file before the rename, and of the folder after it. Rejects with Node's
 * errors while the old text stands, with NotFlushed after that.
 */
export async function writeDurably(file: string, text: string, mode = 0o644): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  try {
    const draft = await open(temporary, 'w', mode);
    try {
      await draft.writeFile(text);
      await draft.sync();
    } finally {
      await draft.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  try {
    await flushFolder(dirname(file));
  } catch (cause) {
    throw new NotFlushed(`${file} was replaced, but its folder could not be flushed`, { cause });
  }
}

/** Removes what writers of this file that were killed have left. Call it only while nobody else writes it. */
export async function clearDrafts(file: string): Promise<void> {
  const [start, end] = [`.${basename(file)}.`, '.tmp'];
  for (const name of await readdir(dirname(file)))
    if (name.startsWith(start) && name.endsWith(end)) await rm(join(dirname(file), name), { force: true });
}

async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
