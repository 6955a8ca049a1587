import assert from 'node:assert/strict';
import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { group, type NodeStage, verdict } from './node-stage.ts';
import { onShells } from './on-shells.ts';

const folder = `root/var/lib/understudy/${group}/preserved`;

async function copy(stage: NodeStage, epoch: number, keep = 5): Promise<string> {
  const { stdout } = await stage.run(['copy', group, String(epoch), String(keep), '/var/lib/redis/dump.rdb']);
  const told = /^copy (\d+) (\/\S+)$/m.exec(stdout);
  assert.ok(told, stdout);
  return told[2] ?? '';
}

onShells('copy', (stage) => {
  const copies = async () => (await readdir(join(stage().folder, folder))).toSorted();

  it('keeps the data under a dated name, for root only, and tells its size', async () => {
    await stage().put('root/var/lib/redis/dump.rdb', 'some data');
    const ended = await stage().run(['copy', group, '7', '3', '/var/lib/redis/dump.rdb']);
    assert.equal(verdict(ended), 'done');
    const path = /^copy 9 (\/var\/lib\/understudy\/quantshift\/preserved\/\d{8}T\d{6}Z-epoch7\.rdb)$/m.exec(
      ended.stdout,
    );
    assert.ok(path, ended.stdout);
    assert.equal(await stage().get(`root${path[1]}`), 'some data');
    assert.equal((await stat(join(stage().root, path[1] ?? ''))).mode & 0o777, 0o600);
    assert.equal((await stat(join(stage().folder, folder))).mode & 0o777, 0o700);
  });

  it('made in the same second has a name of its own', async () => {
    await stage().put('root/var/lib/redis/dump.rdb', 'some data');
    const made = [await copy(stage(), 7), await copy(stage(), 7), await copy(stage(), 7)];
    assert.equal(new Set(made).size, 3);
    assert.equal((await copies()).length, 3);
  });

  it('keeps the newest by epoch, whatever the clock says, and always the one just made', async () => {
    await stage().put('root/var/lib/redis/dump.rdb', 'some data');
    const names = [
      '20990101T000000Z-epoch2.rdb',
      '20200101T000000Z-epoch10.rdb',
      '20200101T000000Z-epoch9.rdb',
    ];
    for (const name of names) await stage().put(`${folder}/${name}`, name);
    const later = new Date('2099-01-01');
    for (const name of names) await utimes(join(stage().folder, folder, name), later, later);
    const made = await copy(stage(), 10, 2);
    assert.deepEqual(await copies(), [names[1], made.split('/').at(-1)].toSorted());
    const another = await copy(stage(), 11, 1);
    assert.deepEqual(await copies(), [another.split('/').at(-1)]);
  });

  it('takes away what an aborted copy left', async () => {
    await stage().put('root/var/lib/redis/dump.rdb', 'some data');
    await stage().put(`${folder}/20200101T000000Z-epoch1.rdb.part`, 'half');
    await copy(stage(), 7);
    assert.equal((await copies()).length, 1);
  });

  it('is refused when there is no such file', async () => {
    const ended = await stage().run(['copy', group, '7', '3', '/var/lib/redis/dump.rdb']);
    assert.match(verdict(ended), /^refused PreserveImpossible there is no file /);
  });

  it('is refused when there is no room, and says so', async () => {
    await stage().put('root/var/lib/redis/dump.rdb', 'some data');
    const real = '#!/bin/sh\ncase $1 in -f) echo 2 4 ;; *) exec /usr/bin/stat "$@" ;; esac\n';
    await stage().command('stat', real);
    const ended = await stage().run(['copy', group, '7', '3', '/var/lib/redis/dump.rdb']);
    assert.match(verdict(ended), /^refused PreserveImpossible .* 8 bytes free, the copy takes 9$/);
    assert.deepEqual(await copies(), []);
  });

  it('that fails leaves nothing behind', async () => {
    await stage().put('root/var/lib/redis/dump.rdb', 'some data');
    await stage().command('cp', '#!/bin/sh\nfor last; do :; done; echo half >"$last"; exit 1\n');
    const ended = await stage().run(['copy', group, '7', '3', '/var/lib/redis/dump.rdb']);
    assert.match(verdict(ended), /^refused PreserveImpossible /);
    assert.deepEqual(await copies(), []);
  });
});
