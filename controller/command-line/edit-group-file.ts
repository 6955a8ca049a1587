import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EditError } from '../../crd/edit.ts';
import { parseFailoverGroup } from '../../crd/parse.ts';
import { UnderstudyError } from '../understudy-error.ts';

/**
 * Changes a group's file as a whole or not at all: comments stay, mode and owner too, and a link goes on
 * pointing to what it points to. Whether anything had to be changed. Throws UnderstudyError.
 */
export async function editGroupFile(file: string, edit: (text: string) => string): Promise<boolean> {
  try {
    const target = await realpath(file);
    const before = await readFile(target, 'utf8');
    const after = edit(before);
    if (after === before) return false;
    const parsed = parseFailoverGroup(after, file);
    if (!parsed.ok)
      throw new UnderstudyError('EditFailed', `${file} would not be valid any more: edit it by hand.`);
    await replace(target, before, after);
    return true;
  } catch (cause) {
    if (cause instanceof UnderstudyError) throw cause;
    const why =
      cause instanceof EditError ? cause.message : ((cause as NodeJS.ErrnoException).code ?? 'unknown error');
    throw new UnderstudyError('EditFailed', `${file} was not changed: ${why}.`, { cause });
  }
}

async function replace(file: string, before: string, after: string): Promise<void> {
  const { mode, uid, gid } = await stat(file);
  // The controller's watch leaves out names of this form.
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  try {
    const draft = await open(temporary, 'wx', mode & 0o7777);
    try {
      const made = await draft.stat();
      if (made.uid !== uid || made.gid !== gid) await draft.chown(uid, gid);
      // After the owner, whose change takes bits away; and open() lets the umask take some.
      await draft.chmod(mode & 0o7777);
      await draft.writeFile(after);
      await draft.sync();
    } finally {
      await draft.close();
    }
    if ((await readFile(file, 'utf8')) !== before)
      throw new UnderstudyError('EditFailed', `${file} was changed by somebody else meanwhile: try again.`);
    await rename(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(temporary, { force: true });
    throw error;
  }
}
