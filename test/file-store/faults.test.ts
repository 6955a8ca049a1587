import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { claimPath, isControllerRunning } from '../../controller/file-store/exclusive.ts';
import { FileStore } from '../../controller/file-store/file-store.ts';
import { Changes } from '../conformance/changes.ts';
import { group } from '../conformance/store.suite.ts';
import { folderStage, replaceFile, textOf } from './file-stage.ts';

async function set(context: TestContext) {
  const stage = await folderStage();
  const stores: FileStore[] = [];
  const changes = new Changes();
  context.after(async () => {
    for (const store of stores) await store.stop();
    await stage.dispose();
  });
  const start = async (path = stage.folder) => {
    const store = new FileStore(path);
    stores.push(store);
    await store.start(changes.tell);
    return store;
  };
  return { stage, changes, start };
}

test('what is no readable file is told of, and the others are in force', async (context) => {
  const { stage, start } = await set(context);
  await stage.put(group('one'));
  await mkdir(stage.file('two'));
  const store = await start();
  assert.deepEqual(store.keys(), ['one']);
  assert.match(store.problems()[0]?.problem ?? '', /two\.yaml: cannot be read \(EISDIR/);
});

test('a file that can no longer be read stays in force and is told of', async (context) => {
  const { stage, changes, start } = await set(context);
  await stage.put(group('one'));
  const store = await start();
  await rename(stage.file('one'), join(stage.folder, 'aside'));
  await mkdir(stage.file('one'));
  await changes.until(() => store.get('one')?.problem !== undefined);
  assert.match(store.get('one')?.problem ?? '', /cannot be read/);
  await rmdir(stage.file('one'));
  await rename(join(stage.folder, 'aside'), stage.file('one'));
  await changes.until(() => store.get('one')?.problem === undefined);
  assert.equal(store.get('one')?.group.spec.primary, 'a');
});

test('a status that cannot be read is told of and never overwritten', async (context) => {
  const { stage, start } = await set(context);
  await stage.put(group('one'));
  const statusFile = join(stage.folder, 'one.status.json');
  await mkdir(statusFile);
  const store = await start();
  assert.match(store.get('one')?.problem ?? '', /one\.status\.json: cannot be read \(EISDIR/);
  const outcome = await store.writeStatus('one', { epoch: 1 }, store.get('one')?.version ?? '');
  assert.equal(outcome.kind === 'refused' && outcome.reason, 'StoreUnavailable');
  await rmdir(statusFile);
  // What was decided without knowing the status is not recorded, whatever stands there now.
  const blind = await store.writeStatus('one', { epoch: 1 }, store.get('one')?.version ?? '');
  assert.equal(blind.kind === 'refused' && blind.reason, 'Conflict');
  await writeFile(statusFile, JSON.stringify({ generation: 4, specHash: 'x', status: { epoch: 8 } }));
  const late = await store.writeStatus('one', { epoch: 1 }, store.get('one')?.version ?? '');
  assert.equal(late.kind === 'refused' && late.reason, 'Conflict');
  assert.equal(store.get('one')?.status.epoch, 8);
  assert.equal(store.get('one')?.problem, undefined);
});

test('an edit during a status write keeps its generation', async (context) => {
  const { stage, changes, start } = await set(context);
  await stage.put(group('one'));
  const store = await start();
  const writes = (async () => {
    for (let epoch = 1; epoch <= 60; epoch += 1)
      await store.writeStatus('one', { epoch }, store.get('one')?.version ?? '');
  })();
  for (let edit = 1; edit <= 6; edit += 1) {
    const primary = edit % 2 === 1 ? 'b' : 'a';
    await stage.put(group('one', primary));
    await changes.until(() => store.get('one')?.group.spec.primary === primary);
    assert.equal(store.get('one')?.group.metadata.generation, edit + 1);
  }
  await writes;
  assert.equal(store.get('one')?.group.metadata.generation, 7);
});

test('two status writes at once: one is done, the other in conflict', async (context) => {
  const { stage, start } = await set(context);
  await stage.put(group('one'));
  const store = await start();
  const outcomes = await Promise.all([1, 2].map((epoch) => store.writeStatus('one', { epoch }, '')));
  assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ['done', 'refused']);
  const text = await readFile(join(stage.folder, 'one.status.json'), 'utf8');
  assert.equal(JSON.parse(text).status.epoch, store.get('one')?.status.epoch);
});

test('what earlier controllers left half-written is cleared away at the first write', async (context) => {
  const { stage, start } = await set(context);
  await stage.put(group('one'));
  await writeFile(join(stage.folder, '.one.status.json.1.tmp'), '{"half');
  await writeFile(join(stage.folder, '.two.status.json.1.tmp'), '{"half');
  const store = await start();
  assert.equal((await store.writeStatus('one', { epoch: 1 }, '')).kind, 'done');
  assert.deepEqual((await readdir(stage.folder)).sort(), [
    '.two.status.json.1.tmp',
    'one.status.json',
    'one.yaml',
  ]);
});

/** What is done to one.yaml while the clock that judges settling stands still has been looked at, and not taken. */
function unsettled(what: string, act: (file: string) => Promise<void>, settled: string | undefined): void {
  test(what, async (context) => {
    const { stage, changes, start } = await set(context);
    await stage.put(group('one'));
    await stage.put(group('two'));
    const store = await start();
    const clock = context.mock.method(performance, 'now', () => 0);
    await act(stage.file('one'));
    // Whoever has seen this edit has looked at the other file too.
    await stage.put(group('two', 'b'));
    await changes.until(() => store.get('two')?.group.spec.primary === 'b');
    assert.equal(store.get('one')?.group.spec.primary, 'a');
    clock.mock.restore();
    await changes.until(() => store.get('one')?.group.spec.primary === settled);
  });
}

unsettled(
  'what does not end with its line is not taken at once: it may be a half that happens to be valid',
  (file) => replaceFile(file, textOf(group('one', 'b')).trimEnd()),
  'b',
);

unsettled(
  'what is written in place is not taken before it has settled',
  (file) => writeFile(file, textOf(group('one', 'b'))),
  'b',
);

unsettled('a file that has just vanished is not gone', (file) => rm(file), undefined);

test('a group in two files stays in force where its status is, and both files are named', async (context) => {
  const { stage, start } = await set(context);
  await writeFile(join(stage.folder, 'later.yaml'), textOf(group('one', 'b')));
  const before = await start();
  await before.writeStatus('one', { epoch: 3 }, '');
  await before.stop();
  await writeFile(join(stage.folder, 'earlier.yaml'), textOf(group('one', 'a')));
  const store = await start();
  assert.equal(store.get('one')?.group.spec.primary, 'b');
  assert.equal(store.get('one')?.status.epoch, 3);
  assert.match(store.get('one')?.problem ?? '', /earlier\.yaml/);
  assert.deepEqual(
    store.problems().map(({ file }) => file.slice(stage.folder.length + 1)),
    ['earlier.yaml', 'later.yaml'],
  );
});

test('two files that would share one status file are not both in force', async (context) => {
  const { stage, start } = await set(context);
  await stage.put(group('one'));
  await writeFile(join(stage.folder, 'one.yml'), textOf(group('other')));
  const store = await start();
  assert.deepEqual(store.keys(), ['one']);
  assert.match(store.problems()[0]?.problem ?? '', /one\.yml: .*one\.yaml/);
});

test('a file stays claimed when the link behind it is swapped', async (context) => {
  const { stage } = await set(context);
  for (const version of ['..1', '..2']) {
    await mkdir(join(stage.folder, version));
    await writeFile(join(stage.folder, version, 'one.yaml'), textOf(group('one')));
  }
  await symlink('..1', join(stage.folder, '..data'));
  await symlink('..data/one.yaml', stage.file('one'));
  const release = await claimPath(stage.file('one'));
  context.after(() => release?.());
  await symlink('..2', join(stage.folder, '..new'));
  await rename(join(stage.folder, '..new'), join(stage.folder, '..data'));
  assert.equal(await isControllerRunning(stage.file('one')), true);
  assert.equal(await claimPath(stage.file('one')), undefined);
});

test('a rename is taken up without waiting for it to settle', async (context) => {
  const { stage, changes, start } = await set(context);
  await stage.put(group('one'));
  const store = await start(stage.file('one'));
  // The clock that judges settling stands still: only what needs no waiting is seen.
  context.mock.method(performance, 'now', () => 0);
  await replaceFile(stage.file('one'), textOf(group('one', 'b')));
  await changes.until(() => store.get('one')?.group.spec.primary === 'b');
});
