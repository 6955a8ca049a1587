import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { claimPath, isControllerRunning } from '../../controller/file-store/exclusive.ts';
import { folderStage } from './file-stage.ts';

test('a path is given to one controller at a time', async () => {
  const { folder, dispose } = await folderStage();
  assert.equal(await isControllerRunning(folder), false);
  const release = await claimPath(folder);
  assert.ok(release !== undefined);
  assert.equal(await claimPath(folder), undefined);
  assert.equal(await isControllerRunning(folder), true);
  release();
  await dispose();
});

test('a path is free again when its controller is killed', async () => {
  const { folder, dispose } = await folderStage();
  const source = join(import.meta.dirname, '../../controller/file-store/exclusive.ts');
  const code = `import { claimPath } from ${JSON.stringify(source)}; await claimPath(${JSON.stringify(folder)}); console.log('held');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  assert.equal(await isControllerRunning(folder), true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const release = await claimPath(folder);
  assert.ok(release !== undefined);
  release();
  await dispose();
});
