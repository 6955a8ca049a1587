import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';
import { group, verdict } from './node-stage.ts';
import { onShells } from './on-shells.ts';

const equity = 'quantshift-equity.service';
const crypto = 'quantshift-crypto.service';
const redis = 'redis-server.service';

onShells('start', (stage) => {
  it('starts what does not run, with a permit', async () => {
    await stage().unit(equity);
    await stage().unit(crypto, 'active');
    assert.equal(verdict(await stage().run(['start', group, '1', equity, crypto])), 'done');
    assert.equal(await stage().stateOf(equity), 'active');
    assert.ok(await stage().hasPermit(equity));
    assert.ok(await stage().hasPermit(crypto));
  });

  it('starts none when one of them is unknown', async () => {
    await stage().unit(equity);
    const ended = await stage().run(['start', group, '1', equity, crypto]);
    assert.match(verdict(ended), /^refused UnknownUnit quantshift-crypto.service /);
    assert.equal(await stage().stateOf(equity), 'inactive');
    assert.ok(!(await stage().hasPermit(equity)));
  });

  it('ends what it started beside a unit that was known and has gone since', async () => {
    await stage().unit(equity);
    await stage().unit(crypto);
    assert.equal(verdict(await stage().run(['start', group, '1', equity, crypto])), 'done');
    await stage().run(['stop', group, '1', equity, crypto]);
    const gone = { LoadState: 'not-found', 'on-start': 'exit 5' };
    await stage().unit(crypto, 'inactive', gone);
    const ended = await stage().run(['start', group, '1', equity, crypto]);
    assert.match(verdict(ended), /^refused UnknownUnit quantshift-crypto.service /);
    assert.equal(await stage().stateOf(equity), 'inactive');
    assert.ok(!(await stage().hasPermit(equity)));
  });

  it('tells in one line why one did not start, and takes its permit back', async () => {
    const complaint = 'echo Job for it failed. >&2; echo failed >ActiveState; echo done; exit 1';
    await stage().unit(equity, 'inactive', { 'on-start': complaint });
    const ended = await stage().run(['start', group, '1', equity]);
    assert.equal(verdict(ended), `refused UnitNotStarted ${equity}: Job for it failed. done`);
    assert.ok(!(await stage().hasPermit(equity)));
  });

  it('counts a unit whose condition does not hold as not started', async () => {
    await stage().unit(equity, 'inactive', { 'on-start': 'true' });
    assert.match(
      verdict(await stage().run(['start', group, '1', equity])),
      /^refused UnitNotStarted .*condition/,
    );
  });

  it('starts once more what was started too often', async () => {
    const limited = 'if [ "$(cat Result)" = success ]; then echo active >ActiveState; else exit 1; fi';
    await stage().unit(equity, 'failed', { Result: 'start-limit-hit', 'on-start': limited });
    assert.equal(verdict(await stage().run(['start', group, '1', equity])), 'done');
  });

  it('refuses a unit that ended and that systemd starts again and again', async () => {
    const crash = 'echo activating >ActiveState; echo exit-code >Result';
    await stage().unit(equity, 'inactive', { 'on-start': crash });
    const ended = await stage().run(['start', group, '1', equity]);
    assert.match(verdict(ended), /^refused UnitNotStarted .*\(exit-code\) and is started again/);
  });

  it('does not know of a unit that is still on its way', async () => {
    await stage().unit(equity, 'inactive', { 'on-start': 'echo activating >ActiveState' });
    const ended = await stage().run(['start', group, '1', equity]);
    assert.equal(verdict(ended), `unknown ${equity} is still starting`);
    assert.ok(await stage().hasPermit(equity));
  });
});

onShells('stop', (stage) => {
  it('stops, and takes the permits', async () => {
    await stage().unit(equity);
    await stage().run(['start', group, '1', equity]);
    assert.equal(verdict(await stage().run(['stop', group, '1', equity])), 'done');
    assert.equal(await stage().stateOf(equity), 'inactive');
    assert.ok(!(await stage().hasPermit(equity)));
  });

  it('counts what is unknown as stopped', async () => {
    assert.equal(verdict(await stage().run(['stop', group, '1', equity])), 'done');
  });

  it('asks systemd also when the unit is down, since a start may be queued', async () => {
    await stage().unit(equity);
    await stage().run(['stop', group, '1', equity]);
    assert.deepEqual(await stage().called(), [`systemctl stop -- ${equity}`]);
  });

  it('does not know of a unit that does not end', async () => {
    await stage().unit(equity, 'active', { 'on-stop': 'echo deactivating >ActiveState' });
    assert.equal(
      verdict(await stage().run(['stop', group, '1', equity])),
      `unknown ${equity} is still stopping`,
    );
  });

  it('kills the processes that a stopped unit left behind, in subgroups too', async () => {
    const left = spawn('sleep', ['60'], { stdio: 'ignore' });
    const ended = once(left, 'exit');
    await stage().unit(equity, 'active', { ControlGroup: `/bots.slice/${equity}` });
    const place = `root/sys/fs/cgroup/bots.slice/${equity}/deep/cgroup.procs`;
    await stage().put(place, `${left.pid}\n`);
    await stage().put('state/after/0', `: >${place}`);
    assert.equal(verdict(await stage().run(['stop', group, '1', equity])), 'done');
    assert.equal((await ended)[1], 'SIGKILL');
  });

  it('does not call a unit stopped whose processes cannot be killed', async () => {
    await stage().unit(equity, 'active', { ControlGroup: `/system.slice/${equity}` });
    await stage().put(`root/sys/fs/cgroup/system.slice/${equity}/cgroup.procs`, '0\n');
    assert.match(verdict(await stage().run(['stop', group, '1', equity])), /^unknown processes of /);
  });

  it('never empties a control group that is not of one service', async () => {
    const other = spawn('sleep', ['60'], { stdio: 'ignore' });
    await stage().unit(equity, 'active', { ControlGroup: '/' });
    await stage().put('root/sys/fs/cgroup/cgroup.procs', `${other.pid}\n`);
    assert.equal(verdict(await stage().run(['stop', group, '1', equity])), 'done');
    assert.ok(other.kill('SIGTERM'));
    assert.equal((await once(other, 'exit'))[1], 'SIGTERM');
  });
});

onShells('stop-redis and start-redis', (stage) => {
  it('stops and starts Redis', async () => {
    await stage().unit(redis, 'active');
    assert.equal(verdict(await stage().run(['stop-redis', group, '1', redis])), 'done');
    assert.equal(await stage().stateOf(redis), 'inactive');
    assert.equal(verdict(await stage().run(['start-redis', group, '1', redis])), 'done');
    assert.equal(await stage().stateOf(redis), 'active');
  });

  it('kills a Redis that does not end by itself', async () => {
    await stage().unit(redis, 'active', { 'on-stop': 'echo deactivating >ActiveState' });
    await stage().put(`state/units/${redis}/on-kill`, 'echo failed >ActiveState; rm on-stop');
    assert.equal(verdict(await stage().run(['stop-redis', group, '1', redis])), 'done');
    assert.ok((await stage().called()).includes(`systemctl kill -s KILL -- ${redis}`));
  });

  it('refuses a unit that systemd does not know', async () => {
    for (const verb of ['stop-redis', 'start-redis'])
      assert.match(verdict(await stage().run([verb, group, '1', redis])), /^refused UnknownUnit /);
  });
});
