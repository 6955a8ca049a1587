import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FolderWatch } from '../../controller/file-store/folder-watch.ts';
import { until } from '../redis/until.ts';

const watches = (): number =>
  process.getActiveResourcesInfo().filter((kind) => kind === 'FSEventWrap').length;

test('a watch that is closed while it looks where to watch leaves nothing behind', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-watch-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const watch = new FolderWatch(() => undefined);
  await watch.follow([join(folder, 'one.yaml')]);
  assert.equal(watches(), 1);
  watch.close();
  await until('it is closed', async () => watches() === 0);
  const closed = new FolderWatch(() => undefined);
  const following = closed.follow([join(folder, 'one.yaml')]);
  closed.close();
  await following;
  await until('nothing is watched', async () => watches() === 0);
});
