import assert from 'node:assert/strict';
import {
  appendFile,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileStore } from '../../controller/file-store/file-store.ts';
import { Changes } from '../conformance/changes.ts';
import { group } from '../conformance/store.suite.ts';
import { folderStage, replaceFile, textOf } from './file-stage.ts';

interface Act {
  readonly folder: string;
  readonly file: string;
  readonly store: FileStore;
  readonly changes: Changes;
}

function scene(
  what: string,
  play: (act: Act) => Promise<void>,
  arrange?: (folder: string) => Promise<string>,
): void {
  test(what, async () => {
    const stage = await folderStage();
    const changes = new Changes();
    await stage.put(group('one'));
    const file = (await arrange?.(stage.folder)) ?? stage.file('one');
    const store = new FileStore(file);
    try {
      await store.start(changes.tell);
      await play({ folder: stage.folder, file, store, changes });
    } finally {
      await store.stop();
      await stage.dispose();
    }
  });
}

const primary = (store: FileStore): string | undefined => store.get('one')?.group.spec.primary;

scene('an edit by rename is taken up', async ({ file, store, changes }) => {
  await replaceFile(file, textOf(group('one', 'b')));
  await changes.until(() => primary(store) === 'b');
});

scene(
  'an edit that truncates and writes is taken up when it is whole, and never as a half',
  async ({ file, store, changes }) => {
    const text = textOf(group('one', 'b'));
    const handle = await open(file, 'w');
    for (const part of [text.slice(0, 60), text.slice(60)]) {
      await handle.write(part);
      await handle.sync();
    }
    await handle.close();
    await changes.until(() => primary(store) === 'b');
    assert.equal(store.get('one')?.problem, undefined);
  },
);

scene(
  'a swap of the link behind the link is taken up, as Kubernetes does it with a ConfigMap',
  async ({ folder, store, changes }) => {
    await mkdir(join(folder, '..2'));
    await writeFile(join(folder, '..2', 'one.yaml'), textOf(group('one', 'b')));
    await symlink('..2', join(folder, '..data.new'));
    await rename(join(folder, '..data.new'), join(folder, '..data'));
    await changes.until(() => primary(store) === 'b');
  },
  async (folder) => {
    await mkdir(join(folder, '..1'));
    await rename(join(folder, 'one.yaml'), join(folder, '..1', 'one.yaml'));
    await symlink('..1', join(folder, '..data'));
    await symlink('..data/one.yaml', join(folder, 'one.yaml'));
    return join(folder, 'one.yaml');
  },
);

scene(
  'a comment, a touch, and another order of keys raise no generation',
  async ({ file, store, changes }) => {
    const generation = store.get('one')?.group.metadata.generation;
    await appendFile(file, '# nothing but a comment\n');
    await utimes(file, new Date(), new Date());
    const { spec, ...rest } = group('one');
    await replaceFile(
      file,
      textOf({ ...rest, spec: Object.fromEntries(Object.entries(spec).reverse()) } as ReturnType<
        typeof group
      >),
    );
    await replaceFile(file, textOf(group('one', 'b')));
    await changes.until(() => primary(store) === 'b');
    assert.equal(store.get('one')?.group.metadata.generation, (generation ?? 0) + 1);
  },
);

scene(
  'a bad edit is reported with its line while the last good spec stays in force, and mended it is forgotten',
  async ({ file, store, changes }) => {
    await replaceFile(file, textOf(group('one', 'nowhere')));
    await changes.until(() => store.get('one')?.problem !== undefined);
    assert.match(store.get('one')?.problem ?? '', /one\.yaml:\d+:\d+ spec\.primary/);
    assert.equal(primary(store), 'a');
    await replaceFile(file, textOf(group('one', 'b')));
    await changes.until(() => primary(store) === 'b');
    assert.equal(store.get('one')?.problem, undefined);
  },
);

scene(
  'a file that vanishes for a moment, as an editor replaces it, is not gone',
  async ({ file, store, changes }) => {
    await rename(file, `${file}~`);
    await writeFile(file, textOf(group('one', 'b')));
    await changes.until(() => primary(store) === 'b');
    assert.ok(changes.keys.length > 0);
    assert.notEqual(store.get('one'), undefined);
  },
);

scene(
  'status stands beside the file, and what a crash left half-written does no harm',
  async ({ folder, file, store }) => {
    await writeFile(join(folder, '.one.status.json.1.tmp'), '{"half');
    await store.writeStatus('one', { epoch: 1 }, '');
    assert.deepEqual(JSON.parse(await readFile(file.replace('.yaml', '.status.json'), 'utf8')).status, {
      epoch: 1,
    });
    const again = new FileStore(file);
    await again.start(() => undefined);
    assert.deepEqual(again.get('one')?.status, { epoch: 1 });
    await again.stop();
  },
);

scene(
  'a status file that cannot be understood is put aside and told of, never overwritten',
  async ({ folder, store }) => {
    assert.match(store.get('one')?.problem ?? '', /put aside/);
    await store.writeStatus('one', { epoch: 1 }, store.get('one')?.version ?? '');
    const kept = (await readdir(folder)).find((name) => name.includes('corrupt'));
    assert.equal(await readFile(join(folder, kept ?? ''), 'utf8'), 'not json');
  },
  async (folder) => {
    await writeFile(join(folder, 'one.status.json'), 'not json');
    return join(folder, 'one.yaml');
  },
);

scene(
  'a status that cannot be written is refused, with the place and what to do',
  async ({ folder, store }) => {
    await mkdir(join(folder, '.one.status.json.dir'));
    await rm(folder, { recursive: true });
    const outcome = await store.writeStatus('one', { epoch: 1 }, '');
    assert.equal(outcome.kind === 'refused' && outcome.reason, 'StoreUnavailable');
    assert.match(outcome.kind === 'refused' ? outcome.message : '', /one\.status\.json/);
  },
);

test('two files with one name: the first stays in force and the other is told of', async () => {
  const stage = await folderStage();
  await stage.put(group('one'));
  await writeFile(join(stage.folder, 'two.yaml'), textOf(group('one', 'b')));
  const store = new FileStore(stage.folder);
  await store.start(() => undefined);
  assert.equal(store.get('one')?.group.spec.primary, 'a');
  assert.match(store.problems()[0]?.problem ?? '', /in force from .*one\.yaml/);
  await store.stop();
  await stage.dispose();
});

test('a file that is bad from the start is not in force and is told of', async () => {
  const stage = await folderStage();
  await stage.put(group('one', 'nowhere'));
  const store = new FileStore(stage.folder);
  await store.start(() => undefined);
  assert.deepEqual(store.keys(), []);
  assert.match(store.problems()[0]?.problem ?? '', /spec\.primary/);
  await store.stop();
  await stage.dispose();
});
