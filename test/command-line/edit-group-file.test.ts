import assert from 'node:assert/strict';
import { chmod, lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { editGroupFile } from '../../controller/command-line/edit-group-file.ts';
import { setSpecPrimary } from '../../crd/edit.ts';

const text = `# my group
apiVersion: understudy.dev/v1alpha1
kind: FailoverGroup
metadata: { name: one }
spec:
  primary: a # who leads
  nodes:
    - { name: a, redis: { host: 127.0.0.1, port: 1 } }
    - { name: b, redis: { host: 127.0.0.1, port: 2 } }
`;

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'understudy-edit-'));
  t.after(() => rm(made, { recursive: true, force: true }));
  return made;
}

test('an edit keeps comments, mode and the link that leads to the file, and leaves nothing behind', async (t) => {
  const where = await folder(t);
  const [target, link] = [join(where, 'real.yaml'), join(where, 'group.yaml')];
  await writeFile(target, text);
  await chmod(target, 0o660);
  await symlink('real.yaml', link);
  assert.equal(await editGroupFile(link, (before) => setSpecPrimary(before, 'b')), true);
  assert.equal(await readFile(target, 'utf8'), text.replace('primary: a', 'primary: b'));
  assert.equal((await stat(target)).mode & 0o777, 0o660);
  assert.ok((await lstat(link)).isSymbolicLink());
  assert.deepEqual((await readdir(where)).sort(), ['group.yaml', 'real.yaml']);
});

test('an edit that changes nothing writes nothing', async (t) => {
  const file = join(await folder(t), 'group.yaml');
  await writeFile(file, text);
  const { ino } = await stat(file);
  assert.equal(await editGroupFile(file, (before) => setSpecPrimary(before, 'a')), false);
  assert.equal((await stat(file)).ino, ino);
});

test('an edit that would make the file invalid is refused', async (t) => {
  const file = join(await folder(t), 'group.yaml');
  await writeFile(file, text);
  const edit = editGroupFile(file, (before) => setSpecPrimary(before, 'nobody'));
  await assert.rejects(edit, { code: 'EditFailed' });
  assert.equal(await readFile(file, 'utf8'), text);
});

test('an edit gives way to somebody who wrote the file meanwhile', async (t) => {
  const where = await folder(t);
  const file = join(where, 'group.yaml');
  await writeFile(file, text);
  const other = text.replace('# my group', '# our group');
  const { writeFileSync } = await import('node:fs');
  const edit = editGroupFile(file, (before) => {
    writeFileSync(file, other);
    return setSpecPrimary(before, 'b');
  });
  await assert.rejects(edit, { code: 'EditFailed' });
  assert.equal(await readFile(file, 'utf8'), other);
  assert.deepEqual(await readdir(where), ['group.yaml']);
});
