import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Ended } from './group-stage.ts';
import { GroupStage } from './group-stage.ts';

/** The last line of stdout, which is the one document of --json. */
function documentOf({ out }: Ended): Record<string, unknown> {
  const lines = out.trimEnd().split('\n');
  assert.equal(lines.length, 1, out);
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

test('a running controller carries out what the commands ask for', async (t) => {
  const stage = await GroupStage.start({ unit: true });
  t.after(() => stage.stop());
  const said: Ended[] = [];
  const command = async (...words: string[]): Promise<Ended> => {
    const ended = await stage.command(...words);
    said.push(ended);
    return ended;
  };

  await t.test('without a controller a switchover is refused and the file stays as it was', async () => {
    const before = await readFile(stage.file, 'utf8');
    const ended = await command('switchover', 'b');
    assert.equal(ended.code, 3, ended.err);
    assert.match(ended.err, /No controller is running .*understudy run --file /);
    assert.equal(await readFile(stage.file, 'utf8'), before);
    assert.equal((await command('status')).code, 1);
  });

  await stage.runController();

  await t.test('status is 0 when the group is ready, and the plan is empty', async () => {
    const status = await command('status', '--json');
    assert.equal(status.code, 0, status.err);
    const document = documentOf(status);
    assert.equal(document.group, 'stage');
    assert.equal(document.controllerRunning, true);
    const plan = documentOf(await command('plan', '--json'));
    assert.deepEqual(plan.actions, []);
  });

  await t.test('a switchover is done, comments stay, and what it cost is told', async () => {
    const ended = await command('switchover', 'b', '--json');
    assert.equal(ended.code, 0, ended.err);
    const { outcome, change } = documentOf(ended) as { outcome: string; change: { lostBytes: number } };
    assert.deepEqual([outcome, change.lostBytes], ['done', 0]);
    assert.match(await readFile(stage.file, 'utf8'), /^ {2}primary: b # who leads$/m);
    assert.match(ended.err, /asked in .*group\.yaml/);
    assert.equal((await stage.status()).currentPrimary, 'b');
  });

  await t.test('a node that leads already needs nothing', async () => {
    const ended = await command('switchover', 'b');
    assert.deepEqual([ended.code, ended.out], [0, 'b leads already.\n']);
    const failback = await command('failback');
    assert.equal(failback.code, 0);
    assert.match(failback.out, /Nothing to move back/);
  });

  await t.test('an unknown node is bad input', async () => {
    const ended = await command('switchover', 'elsewhere', '--json');
    assert.equal(ended.code, 2);
    assert.match(String(documentOf(ended).message), /no node elsewhere, only a, b/);
  });

  await t.test('pause and resume wait until the controller has taken note', async () => {
    assert.equal((await command('pause')).code, 0);
    const paused = await command('switchover', 'a');
    assert.equal(paused.code, 3);
    assert.match(paused.err, /understudy resume/);
    assert.equal((await command('resume')).code, 0);
    const { conditions } = await stage.status();
    assert.equal(conditions?.find(({ type }) => type === 'Paused')?.status, 'False');
  });

  await t.test('a second controller on the same file is refused', async () => {
    const ended = await command('run');
    assert.equal(ended.code, 3);
    assert.match(ended.err, /Another controller/);
  });

  await t.test('a controller that does not answer in time: still going', async () => {
    stage.signalController('SIGSTOP');
    const ended = await command('switchover', 'a', '--timeout', '0.5', '--json');
    stage.signalController('SIGCONT');
    assert.equal(ended.code, 4, ended.err);
    assert.equal(documentOf(ended).outcome, 'timeout');
    await stage.untilStatus('the request to be met', (status) => status.lastTransition?.to === 'a');
    await stage.untilStatus('all to be well', ({ conditions }) =>
      conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
    );
  });

  await t.test('a standby that is down cannot be switched over to', async () => {
    await stage.pair.replica.kill();
    const before = await readFile(stage.file, 'utf8');
    const ended = await command('switchover', 'b', '--json');
    assert.equal(ended.code, 3, ended.err);
    assert.equal(documentOf(ended).reason, 'CandidateUnreachable');
    assert.equal(await readFile(stage.file, 'utf8'), before);
    const status = await command('status');
    assert.equal(status.code, 1);
    assert.match(status.out, /b is not running: nothing listens on its port/);
  });

  await t.test('no secret is shown anywhere', async () => {
    const { password } = stage.pair.primary;
    const commandLine = await readFile(`/proc/${stage.controllerPid}/cmdline`, 'utf8');
    const statusFile = await readFile(join(stage.folder, 'group.status.json'), 'utf8');
    for (const text of [commandLine, statusFile, stage.log, ...said.flatMap(({ out, err }) => [out, err])])
      assert.ok(!text.includes(password));
  });

  await t.test('SIGTERM ends the controller cleanly, and its units run on', async () => {
    assert.equal(await stage.endController(), 0);
    assert.match(stage.log, /"msg":"stopped"/);
    const { observation } = documentOf(await command('status', '--json')) as {
      observation: { nodes: { name: string; units: { state: string }[] }[] };
    };
    assert.equal(observation.nodes.find(({ name }) => name === 'a')?.units[0]?.state, 'running');
  });
});

test('after a failover, failback brings the primary back', async (t) => {
  const stage = await GroupStage.start();
  t.after(() => stage.stop());
  await stage.runController();
  await stage.pair.primary.kill();
  await stage.untilStatus('the failover', ({ currentPrimary }) => currentPrimary === 'b');
  const refused = await stage.command('failback', '--json');
  assert.equal(refused.code, 3, refused.err);
  await stage.pair.primary.restart();
  await stage.untilStatus('the rejoin', ({ conditions }) =>
    conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
  );
  const status = await stage.command('status');
  assert.match(status.out, /b leads instead of a, which was overtaken/);
  const ended = await stage.command('failback', '--json');
  assert.equal(ended.code, 0, ended.err);
  assert.equal((documentOf(ended) as { change: { kind: string } }).change.kind, 'Failback');
  assert.match(await readFile(stage.file, 'utf8'), /understudy\.dev\/failback: "2"/);
});
