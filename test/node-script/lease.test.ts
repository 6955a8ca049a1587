import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { bootId, group, verdict } from './node-stage.ts';
import { onShells } from './on-shells.ts';

const unit = 'quantshift-equity.service';
const redis = 'redis-server.service';
const run = `root/run/understudy/${group}`;
const otherBoot = bootId.replace('0b', '1b');

const armed = (changes: Readonly<Record<number, string>> = {}) =>
  ['arm', group, '3', '1010.5', bootId, 'abc1', '3', '6379', '10.92.3.28:6379', unit].map(
    (word, at) => changes[at] ?? word,
  );

onShells('arm', (stage) => {
  it('tells the watch what it needs, keeps the login for root, and starts it as a service of its own', async () => {
    const ended = await stage().run(armed(), { stdin: 'default\nsecret word\n' });
    assert.equal(verdict(ended), 'done');
    assert.equal(await stage().get(`${run}/lease`), '1010.5\n');
    assert.equal(await stage().get(`${run}/terms`), `abc1 3 6379 10.92.3.28:6379 ${unit}\n`);
    assert.equal(await stage().get(`${run}/login`), 'default\nsecret word\n');
    assert.equal((await stat(join(stage().folder, run, 'login'))).mode & 0o777, 0o600);
    assert.equal((await stat(join(stage().folder, run))).mode & 0o777, 0o700);
    const started = (await stage().called()).find((line) => line.startsWith('systemd-run'));
    assert.match(started ?? '', /--unit=understudy-lease-quantshift\.service .*--property=Restart=always/);
    assert.match(started ?? '', /\/bin\/sh \S+\/understudy-node watch quantshift$/);
    assert.match((await stage().get(`${run}/understudy-node`)) ?? '', /^#!\/bin\/sh\n/);
    assert.doesNotMatch((await stage().called()).join('\n'), /secret/);
  });

  it('with TLS takes the certificate, or the authorities of the system', async () => {
    await stage().run(armed(), { stdin: 'default\nsecret\n-----BEGIN\nabc\n-----END\n' });
    assert.equal(await stage().get(`${run}/ca`), '-----BEGIN\nabc\n-----END\n');
    await stage().run(armed(), { stdin: 'default\nsecret\n\n' });
    assert.equal(await stage().get(`${run}/ca`), '');
    await stage().run(armed(), { stdin: 'default\nsecret\n' });
    assert.equal(await stage().get(`${run}/ca`), undefined);
  });

  it('is refused after a reboot', async () => {
    const ended = await stage().run(armed({ 4: otherBoot }), { stdin: '\n\n' });
    assert.match(verdict(ended), /^refused OtherBoot /);
    assert.deepEqual(await stage().called(), []);
  });

  it('does not know when the service cannot be started', async () => {
    await stage().command('systemd-run', '#!/bin/sh\necho Failed to start it. >&2\nexit 1\n');
    const ended = await stage().run(armed(), { stdin: '\n\n' });
    assert.equal(verdict(ended), 'unknown the watch cannot be started: Failed to start it.');
  });

  it('is taken back by disarm, login and all', async () => {
    await stage().run(armed(), { stdin: 'default\nsecret\n' });
    assert.equal(verdict(await stage().run(['disarm', group, '3'])), 'done');
    for (const file of ['login', 'lease', 'terms', 'state', 'ca'])
      assert.equal(await stage().get(`${run}/${file}`), undefined, file);
    assert.ok((await stage().called()).includes('systemctl stop -- understudy-lease-quantshift.service'));
  });
});

onShells('observe', (stage) => {
  const observe = async (...words: string[]) => stage().run(['observe', group, redis, unit, ...words]);
  const lease = async (...words: string[]) => /^lease (.*)$/m.exec((await observe(...words)).stdout)?.[1];
  const arm = async () => stage().run(armed(), { stdin: 'default\nsecret\n' });

  it('shows boot, uptime, epoch, room, and every unit, with one look at systemd, and changes nothing', async () => {
    await stage().unit(redis, 'active', { MainPID: '12', TasksCurrent: '1' });
    await stage().put(`root/var/lib/understudy/${group}/epoch`, '7\n');
    const ended = await observe();
    assert.equal(verdict(ended), 'done');
    const lines = ended.stdout.split('\n');
    assert.deepEqual(lines.slice(1, 4), [`boot ${bootId}`, 'uptime 1000.00', 'epoch 7']);
    assert.match(lines[4] ?? '', /^disk \d+$/);
    assert.equal(lines[5], 'lease absent - -');
    assert.deepEqual(lines.slice(6, 10), ['unit 0', `Id=${redis}`, 'LoadState=loaded', 'ActiveState=active']);
    const second = lines.indexOf('unit 1');
    assert.deepEqual(lines.slice(second + 1, second + 3), [`Id=${unit}`, 'LoadState=not-found']);
    assert.equal(lines.filter((line) => line.startsWith('Id=')).length, 2);
    assert.equal(((await stage().get('state/log')) ?? '').trim().split('\n').length, 1);
    assert.equal(await stage().get(`${run}/lock`), undefined);
  });

  it('knows nothing when systemd does not answer', async () => {
    await stage().command('systemctl', '#!/bin/sh\nexit 1\n');
    assert.match(verdict(await observe()), /^unknown /);
  });

  it('tells of the lease, and renews it', async () => {
    await arm();
    assert.equal(await lease(), 'armed 1010.5 abc1');
    assert.equal(await lease('--lease', '1015.25', bootId, '3'), 'armed 1015.25 abc1');
    assert.equal(await stage().get(`${run}/lease`), '1015.25\n');
  });

  it('a renewal never shortens: one that was overtaken on its way changes nothing', async () => {
    await arm();
    await observe('--lease', '1020', bootId, '3');
    assert.equal(await lease('--lease', '1019.99', bootId, '3'), 'armed 1020 abc1');
    assert.equal(await lease('--lease', '999.5', bootId, '3'), 'armed 1020 abc1');
  });

  it('a renewal that arrives late gives nothing, since it names the uptime at which it ends', async () => {
    await arm();
    await stage().uptime(1030);
    assert.equal(await lease('--lease', '1025', bootId, '3'), 'carrying-on 1025 abc1');
  });

  it('a renewal meant for another boot or under a lower epoch is ignored', async () => {
    await arm();
    assert.equal(await lease('--lease', '1015', otherBoot, '3'), 'armed 1010.5 abc1');
    assert.equal(await lease('--lease', '1015', bootId, '2'), 'armed 1010.5 abc1');
    assert.equal(await stage().get(`root/var/lib/understudy/${group}/epoch`), '3\n');
    assert.equal(await lease('--lease', '1015', bootId, '4'), 'armed 1015 abc1');
    assert.equal(await stage().get(`root/var/lib/understudy/${group}/epoch`), '3\n');
  });

  it('nothing is renewed when the watch does not run', async () => {
    await arm();
    for (const state of ['failed', 'activating']) {
      await stage().unit('understudy-lease-quantshift.service', state);
      assert.equal(await lease('--lease', '1015', bootId, '3'), 'absent - -');
    }
    assert.equal(await stage().get(`${run}/lease`), '1010.5\n');
  });

  it('what the watch found is told once the lease is over', async () => {
    await arm();
    await stage().uptime(1011);
    for (const state of ['carrying-on', 'expired']) {
      await stage().put(`${run}/state`, `${state}\n`);
      assert.equal(await lease(), `${state} 1010.5 abc1`);
    }
  });
});
