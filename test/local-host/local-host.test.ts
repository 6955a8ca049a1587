import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  access,
  chmod,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { holdingFolder } from '../../controller/local-host/folder-lock.ts';
import { LocalHost } from '../../controller/local-host/local-host.ts';
import { startUnit, stopUnit } from '../../controller/local-host/unit-control.ts';
import type { HostView, UnitView } from '../../reconcilers/observation.ts';
import { until } from '../redis/until.ts';
import { UnitFolderStage } from './unit-folder-stage.ts';

async function set(context: TestContext): Promise<UnitFolderStage> {
  const stage = await UnitFolderStage.set();
  context.after(() => stage.strike());
  return stage;
}

async function answer(host: LocalHost): Promise<Extract<HostView, { state: 'answers' }>> {
  const view = await host.observe();
  assert.ok(view.state === 'answers', JSON.stringify(view));
  return view;
}

async function bot(host: LocalHost): Promise<UnitView | undefined> {
  return (await answer(host)).units[0];
}

const epochFile = (stage: UnitFolderStage) => join(stage.directory, '.understudy', 'epoch');

test('a folder that is not there is unusable, and what is asked of it is refused', async (context) => {
  const stage = await set(context);
  const host = new LocalHost({
    directory: join(stage.directory, 'none'),
    units: ['bot.service'],
    redisUnit: 'redis.service',
  });
  context.after(() => host.close());
  host.onChange(() => undefined);
  assert.equal((await host.observe()).state, 'unusable');
  const outcome = await host.startUnits(['bot.service'], 1);
  assert.equal(outcome.kind === 'refused' && outcome.reason, 'HostUnusable');
});

test('a folder may be reached over a link: it is the same one', async (context) => {
  const stage = await set(context);
  await stage.writeShell('bot.service', 'exec sleep 600');
  const link = join(stage.directory, '..', 'link');
  await symlink(stage.directory, link);
  await startUnit(link, 'bot.service');
  assert.equal((await bot(stage.host()))?.state, 'running');
  await startUnit(stage.directory, 'bot.service');
  await stopUnit(link, 'bot.service');
  assert.equal((await bot(stage.host()))?.state, 'stopped');
});

test('an epoch file that holds no epoch is never taken for 0', async (context) => {
  const stage = await set(context);
  const host = stage.host();
  await host.stopUnits([], 5);
  assert.equal(await readFile(epochFile(stage), 'utf8'), '5\n');
  await writeFile(epochFile(stage), '');
  assert.equal((await host.observe()).state, 'unusable');
  const outcome = await host.stopUnits([], 6);
  assert.equal(outcome.kind === 'refused' && outcome.reason, 'HostUnusable');
});

test('what is no number is no epoch', async (context) => {
  const host = (await set(context)).host();
  const outcome = await host.stopUnits([], Number.NaN);
  assert.equal(outcome.kind === 'refused' && outcome.reason, 'EpochTooOld');
  assert.equal((await answer(host)).epoch, 0);
});

test('an epoch that is accepted already is not written again', async (context) => {
  const stage = await set(context);
  const host = stage.host();
  await host.stopUnits([], 5);
  const before = (await stat(epochFile(stage), { bigint: true })).ctimeNs;
  await host.stopUnits([], 5);
  assert.equal((await stat(epochFile(stage), { bigint: true })).ctimeNs, before);
});

test('looking and looking again writes nothing', async (context) => {
  const stage = await set(context);
  await stage.writeShell('bot.service', 'exec sleep 600');
  const host = stage.host();
  await host.startUnits(['bot.service'], 1);
  await until('it noted its run', async () => (await stage.runs('bot.service')).length === 1);
  const files = async () => {
    const names = await readdir(stage.directory, { recursive: true });
    const times = names.map(
      async (name) => (await stat(join(stage.directory, name), { bigint: true })).ctimeNs,
    );
    return [names, await Promise.all(times)];
  };
  const before = await files();
  for (let look = 0; look < 20; look += 1) await host.observe();
  await host.startUnits(['bot.service'], 1);
  assert.deepEqual(await files(), before);
});

test('a unit gets its own environment and folder, and nothing of the controller', async (context) => {
  const stage = await set(context);
  const out = join(stage.directory, '..', 'environment');
  const variables = join(stage.directory, '..', 'variables');
  await writeFile(variables, '# a file\nFROM_FILE="in quotes"\nBOTH=file\n');
  await stage.write(
    'bot.service',
    `ExecStart=/bin/sh -c 'env >${out}.new; pwd >>${out}.new; mv ${out}.new ${out}; exec sleep 600'`,
    'Environment="OWN=with space" BOTH=unit us_phase=mine',
    `EnvironmentFile=${variables}`,
    'EnvironmentFile=-/not/there',
    `WorkingDirectory=${stage.directory}`,
  );
  process.env.CONTROLLER_SECRET = 'hunter2';
  context.after(() => delete process.env.CONTROLLER_SECRET);
  assert.equal((await stage.host().startUnits(['bot.service'], 1)).kind, 'done');
  const text = await until('it told', () => readFile(out, 'utf8').catch(() => undefined));
  const lines = text.split('\n');
  const expected = ['OWN=with space', 'FROM_FILE=in quotes', 'BOTH=file', 'us_phase=mine', stage.directory];
  for (const line of [...expected, `UNDERSTUDY_UNIT=${join(stage.directory, 'bot.service')}`])
    assert.ok(lines.includes(line), `${line} in\n${text}`);
  assert.doesNotMatch(text, /hunter2|NODE_/);
});

test('KillSignal= is what a unit gets first', async (context) => {
  const stage = await set(context);
  const out = join(stage.directory, '..', 'signal');
  await stage.writeShell(
    'bot.service',
    `trap 'echo interrupted >${out}; exit 0' INT; NOTE; while :; do sleep 0.05; done`,
    'KillSignal=SIGINT',
  );
  const host = stage.host();
  await host.startUnits(['bot.service'], 1);
  await until('it noted its run', async () => (await stage.runs('bot.service')).length === 1);
  await host.stopUnits(['bot.service'], 1);
  assert.equal(await readFile(out, 'utf8'), 'interrupted\n');
  assert.equal((await bot(host))?.result, 'success');
});

test('a program that cannot be run is refused, and a spoilt file is told', async (context) => {
  const stage = await set(context);
  const host = stage.host();
  const start = () => host.startUnits(['bot.service'], 1);
  await stage.write('bot.service', 'ExecStart=/not/there');
  const missing = await start();
  assert.equal(missing.kind === 'refused' && missing.reason, 'UnitInvalid');
  await stage.write('bot.service', 'ExecStart=/bin/sleep 600', 'WorkingDirectory=/not/there');
  const nowhere = await start();
  assert.equal(nowhere.kind === 'refused' && nowhere.reason, 'UnitInvalid');
  const program = join(stage.directory, '..', 'program');
  await writeFile(program, '#!/not/there\n');
  await chmod(program, 0o755);
  await stage.write('bot.service', `ExecStart=${program}`);
  const bad = await start();
  assert.equal(bad.kind === 'refused' && bad.reason, 'UnitDoesNotStart');
  await stage.write('bot.service', 'ExecStart=/bin/sleep 600', 'Restart=perhaps');
  const spoilt = await start();
  assert.ok(spoilt.kind === 'refused' && spoilt.reason === 'UnitInvalid');
  assert.match(spoilt.message, /bot\.service:3: Restart= perhaps/);
  assert.equal((await bot(host))?.state, 'unknownUnit');
});

test('a unit whose file was spoilt or removed while it ran is still seen, and stopped', async (context) => {
  const stage = await set(context);
  await stage.writeShell('bot.service', 'exec sleep 600');
  const host = stage.host();
  await host.startUnits(['bot.service'], 1);
  await stage.write('bot.service', 'ExecStart=');
  assert.equal((await bot(host))?.state, 'running');
  await rm(join(stage.directory, 'bot.service'));
  assert.equal((await bot(host))?.state, 'running');
  assert.equal((await host.stopUnits(['bot.service'], 1)).kind, 'done');
  assert.equal((await bot(host))?.state, 'unknownUnit');
});

test('what a unit prints is kept, and a log that has grown is put aside at the next start', async (context) => {
  const stage = await set(context);
  await stage.writeShell('bot.service', 'echo hello; exec sleep 600');
  const log = join(stage.directory, '.understudy', 'logs', 'bot.service.log');
  await startUnit(stage.directory, 'bot.service');
  await until('it has spoken', async () => (await readFile(log, 'utf8')).includes('hello'));
  await stopUnit(stage.directory, 'bot.service');
  await truncate(log, 11 * 1024 * 1024);
  await startUnit(stage.directory, 'bot.service');
  assert.ok((await stat(log)).size < 1024);
  assert.equal((await stat(`${log}.1`)).size, 11 * 1024 * 1024);
});

test('what a unit prints wakes nobody', async (context) => {
  const stage = await set(context);
  const host = stage.host();
  await stage.writeShell('bot.service', 'while :; do echo noise; sleep 0.01; done');
  await stage.writeShell('second.service', 'exec sleep 600');
  await host.startUnits(['bot.service'], 1);
  const log = join(stage.directory, '.understudy', 'logs', 'bot.service.log');
  const quiet = stage.host();
  let told = 0;
  await until('it prints', async () => (await stat(log)).size > 50);
  quiet.onChange(() => {
    told += 1;
  });
  const size = (await stat(log)).size;
  await until('it has printed more', async () => (await stat(log)).size > size + 100);
  assert.equal(told, 0);
});

test('the folder is held by one at a time, and let go by the death of its holder', async (context) => {
  const stage = await set(context);
  const held = join(stage.directory, '..', 'held');
  const code = `
    import { writeFileSync } from 'node:fs';
    import { holdingFolder } from ${JSON.stringify(join(import.meta.dirname, '../../controller/local-host/folder-lock.ts'))};
    await holdingFolder(${JSON.stringify(stage.directory)}, async () => {
      writeFileSync(${JSON.stringify(held)}, '');
      await new Promise((resolve) => setInterval(resolve, 1e6, 1e6));
    });`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' });
  context.after(() => holder.kill('SIGKILL'));
  await until('it is held', () =>
    access(held).then(
      () => true,
      () => false,
    ),
  );
  let entered = false;
  const mine = holdingFolder(stage.directory, async () => {
    entered = true;
  });
  // Another folder is free all the while.
  await mkdir(join(stage.directory, 'other'));
  await holdingFolder(join(stage.directory, 'other'), async () => undefined);
  assert.equal(entered, false);
  const gone = once(holder, 'exit');
  holder.kill('SIGKILL');
  await Promise.all([gone, mine]);
  assert.equal(entered, true);
});

test('those who wait for the folder come in one after the other', async (context) => {
  const stage = await set(context);
  let inside = 0;
  let most = 0;
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 20 }, () => holdingFolder(stage.directory, work)));
  assert.equal(most, 1);
});

test('half a copy is never left where copies are kept', async (context) => {
  const stage = await set(context);
  const host = stage.host();
  // A folder cannot be copied as a file.
  const reply = await host.copyAside(stage.directory, 1, 1);
  assert.equal(reply.kind === 'refused' && reply.reason, 'PreserveImpossible');
  assert.deepEqual(await readdir(join(stage.directory, 'preserved')), []);
});
