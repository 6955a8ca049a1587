import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { livingProcess, processStat } from '../../controller/local-host/process-stat.ts';
import { until } from '../redis/until.ts';
import { UnitFolderStage } from './unit-folder-stage.ts';

const script = join(import.meta.dirname, '../../deploy/local-unit.sh');

async function set(context: TestContext): Promise<UnitFolderStage> {
  const stage = await UnitFolderStage.set();
  context.after(() => stage.strike());
  return stage;
}

const isThere = (pid: number) => {
  const stat = processStat(pid);
  return stat !== undefined && !stat.zombie;
};

/** The pids in the file, once there are so many. */
async function pidsIn(file: string, count: number): Promise<number[]> {
  return until(`${count} pids in ${file}`, async () => {
    const text = await readFile(file, 'utf8').catch(() => '');
    const pids = text.split('\n').slice(0, -1).map(Number);
    return pids.length === count && pids;
  });
}

test('a stop ends the children that left the group, the session, or lost their environment', async (context) => {
  const stage = await set(context);
  const pids = join(stage.directory, '..', 'pids');
  const child = `sh -c 'echo $$$$ >>${pids}; exec sleep 600'`;
  await stage.writeShell('bot.service', `setsid ${child} & env -i ${child} & ${child} & wait`);
  const host = stage.host();
  assert.equal((await host.startUnits(['bot.service'], 1)).kind, 'done');
  const children = await pidsIn(pids, 3);
  assert.ok(children.every(isThere));
  assert.equal((await host.stopUnits(['bot.service'], 1)).kind, 'done');
  assert.deepEqual(children.filter(isThere), []);
});

test('a crashed main process takes the children in its group with it', async (context) => {
  const stage = await set(context);
  const pids = join(stage.directory, '..', 'pids');
  await stage.writeShell('bot.service', `sh -c 'echo $$$$ >>${pids}; exec sleep 600' & wait`);
  const host = stage.host();
  await host.startUnits(['bot.service'], 1);
  const [child = 0] = await pidsIn(pids, 1);
  process.kill(await stage.pidOf('bot.service'), 'SIGKILL');
  await until(
    'the supervisor has written it down',
    async () => (await stage.recorded('bot.service', 'phase')) === 'ended',
  );
  assert.equal(isThere(child), false);
});

test('a child that outlived a crash is ended before the unit is started again', async (context) => {
  const stage = await set(context);
  const pids = join(stage.directory, '..', 'pids');
  await stage.writeShell('bot.service', `setsid sh -c 'echo $$$$ >>${pids}; exec sleep 600' & wait`);
  const host = stage.host();
  await host.startUnits(['bot.service'], 1);
  const [child = 0] = await pidsIn(pids, 1);
  process.kill(await stage.pidOf('bot.service'), 'SIGKILL');
  await until(
    'the crash is on record',
    async () => (await stage.recorded('bot.service', 'phase')) === 'ended',
  );
  assert.equal(isThere(child), true);
  assert.equal((await host.startUnits(['bot.service'], 1)).kind, 'done');
  assert.equal(isThere(child), false);
});

test('without its supervisor a unit is seen, not started twice, and stopped', async (context) => {
  const stage = await set(context);
  await stage.writeShell('bot.service', 'exec sleep 600');
  const host = stage.host();
  await host.startUnits(['bot.service'], 1);
  await pidsIn(stage.runsFile('bot.service'), 1);
  const main = await stage.pidOf('bot.service');
  process.kill(await stage.pidOf('bot.service', 'supervisor'), 'SIGKILL');
  assert.equal((await host.startUnits(['bot.service'], 1)).kind, 'done');
  assert.deepEqual(await stage.runs('bot.service'), [main]);
  assert.equal((await host.stopUnits(['bot.service'], 1)).kind, 'done');
  assert.equal(isThere(main), false);
  const view = await host.observe();
  assert.ok(view.state === 'answers');
  assert.equal(view.units[0]?.state, 'stopped');
});

test('a unit that ended with nobody to see why has failed, and says that it is not known', async (context) => {
  const stage = await set(context);
  await stage.writeShell('bot.service', 'exec sleep 600');
  const host = stage.host();
  await host.startUnits(['bot.service'], 1);
  process.kill(await stage.pidOf('bot.service', 'supervisor'), 'SIGKILL');
  const main = await stage.pidOf('bot.service');
  process.kill(main, 'SIGKILL');
  await until('it is gone', async () => !isThere(main));
  const view = await host.observe();
  assert.ok(view.state === 'answers');
  assert.deepEqual([view.units[0]?.state, view.units[0]?.result], ['failed', 'unrecorded']);
});

test('a supervisor whose controller died before it said go has started nothing', async (context) => {
  const stage = await set(context);
  await stage.writeShell('bot.service', 'exec sleep 600');
  await stage.host().observe();
  const record = stage.recordFile('bot.service');
  const command = ['/bin/sh', '-c', `echo $$ >>${stage.runsFile('bot.service')}; exec sleep 600`];
  const child = spawn('/bin/sh', [script, record, 'no', '0.1', '10', ...command], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { UNDERSTUDY_UNIT: join(stage.directory, 'bot.service') },
  });
  child.stdin.end();
  await once(child, 'exit');
  assert.deepEqual(await stage.runs('bot.service'), []);
});

test('a record of an earlier boot, or of a pid that is another process now, is nobody', async (context) => {
  const stage = await set(context);
  await stage.writeShell('bot.service', 'exec sleep 600');
  const host = stage.host();
  await host.startUnits(['bot.service'], 1);
  await host.stopUnits(['bot.service'], 1);
  // The pid is ours, the start time is not.
  const boot = await stage.recorded('bot.service', 'boot');
  const foreign = (bootId: string) =>
    `boot=${bootId}\nsupervisor=${process.pid} 1\nphase=running\nmain=${process.pid} 1\nrestarts=0\ncode=\nended=\n`;
  await writeFile(stage.recordFile('bot.service'), foreign(boot));
  const stranger = await host.observe();
  assert.ok(stranger.state === 'answers');
  assert.equal(stranger.units[0]?.state, 'failed');
  // Were we taken for the unit, this would end us.
  assert.equal((await host.stopUnits(['bot.service'], 1)).kind, 'done');
  const self = processStat(process.pid);
  assert.ok(self);
  const ours = foreign('another-boot').replaceAll(`${process.pid} 1`, `${process.pid} ${self.startTicks}`);
  await writeFile(stage.recordFile('bot.service'), ours);
  const earlier = await host.observe();
  assert.ok(earlier.state === 'answers');
  assert.equal(earlier.units[0]?.state, 'stopped');
  assert.ok(livingProcess(self));
});

test('a unit that crashes again and again is left alone after five runs', async (context) => {
  const stage = await set(context);
  await stage.writeShell('bot.service', 'exit 1', 'Restart=always', 'RestartSec=0');
  const host = stage.host();
  await host.startUnits(['bot.service'], 1);
  await until('it is given up', async () => (await stage.recorded('bot.service', 'phase')) === 'ended');
  assert.equal((await stage.runs('bot.service')).length, 5);
  const view = await host.observe();
  assert.ok(view.state === 'answers');
  assert.deepEqual(
    [view.units[0]?.state, view.units[0]?.result, view.units[0]?.restarts],
    ['failed', 'exit-code', 4],
  );
});
