import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bootId, group, verdict } from './node-stage.ts';
import { onShells } from './on-shells.ts';

const unit = 'quantshift-equity.service';
const redis = 'redis-server.service';
const say = (...words: readonly string[]) => ['understudy-node', ...words].join(' ');

onShells('the forced command', (stage) => {
  const set = async () => {
    const allowed = [
      `unit ${unit}`,
      'unit dev\\x2dsda.service',
      `redis-unit ${redis}`,
      'data /var/lib/redis',
    ];
    await stage().put(`root/etc/understudy/${group}.conf`, `${allowed.join('\n')}\n`);
    await stage().put('root/var/lib/redis/dump.rdb', 'data');
    await stage().put('root/etc/shadow', 'secret');
    await stage().unit(unit);
    await stage().unit(redis, 'active');
    await stage().unit('ssh.service', 'active');
  };

  it('says that it is one', async () => {
    assert.equal((await stage().forced(say('hello'))).stdout, 'understudy-node 2\nmode forced\ndone\n');
  });

  it('does what the group is set up for', async () => {
    await set();
    const stdin = 'default\nsecret\n';
    const orders = [
      say('start', group, '1', unit),
      say('stop', group, '1', unit),
      say('stop-redis', group, '1', redis),
      say('start-redis', group, '1', redis),
      say('copy', group, '1', '2', '/var/lib/redis/dump.rdb'),
      say('arm', group, '1', '1010', bootId, 'ab', '3', '6379', '-', unit),
      say('observe', group, redis, unit, '--lease', '1011', bootId, '1'),
      say('disarm', group, '1'),
    ];
    for (const order of orders) assert.equal(verdict(await stage().forced(order, { stdin })), 'done', order);
    const watch = (await stage().called()).find((line) => line.startsWith('systemd-run'));
    assert.match(watch ?? '', /\/bin\/sh \/usr\/local\/lib\/understudy\/understudy-node watch quantshift$/);
  });

  it('touches no unit, no Redis, no folder and no group that root did not name', async () => {
    await set();
    const orders = [
      say('start', group, '1', 'ssh.service'),
      say('start', group, '1', unit, 'ssh.service'),
      say('stop', group, '1', 'ssh.service'),
      say('stop', group, '1', redis),
      say('stop', group, '1', 'quantshift-equityXservice'),
      say('stop-redis', group, '1', 'ssh.service'),
      say('stop-redis', group, '1', unit),
      say('start-redis', group, '1', 'ssh.service'),
      say('observe', group, redis, 'ssh.service'),
      say('observe', group, 'ssh.service', unit),
      say('copy', group, '1', '2', '/etc/shadow'),
      say('copy', group, '1', '2', '/var/lib/redis/../../../etc/shadow'),
      say('copy', group, '1', '2', '/var/lib/redis/deeper/dump.rdb'),
      say('arm', group, '1', '1010', bootId, 'ab', '3', '6379', '-', 'ssh.service'),
      say('stop', 'another', '1', unit),
      say('stop', '../quantshift', '1', unit),
      say('watch', group),
      '--forced',
      '',
      '/bin/sh',
      'understudy-node-other stop',
    ];
    for (const order of orders)
      assert.match(verdict(await stage().forced(order)), /^refused (NotAllowed|InvalidArgument) /, order);
    assert.deepEqual(await stage().called(), []);
    assert.equal(await stage().get(`root/var/lib/understudy/${group}/epoch`), undefined);
    assert.equal(await stage().stateOf('ssh.service'), 'active');
  });

  it('evaluates nothing, matches no file and knows no quotes', async () => {
    await set();
    const marks = [
      '$(touch hit)',
      '`touch hit`',
      ';touch hit',
      '&& touch hit',
      '| touch hit',
      '> hit',
      '\ntouch hit',
    ];
    const odd = [
      '*',
      '?',
      '[a-z]',
      '{a,b}',
      '~',
      '"a"',
      "'a'",
      '$HOME',
      '$\u007bIFS}',
      '!',
      '#',
      '(',
      '\t',
      '\r',
      'ä',
      '\u0001',
    ];
    for (const mark of [...marks, ...odd]) {
      for (const order of [say('hello'), say('stop', group, '1', unit)]) {
        const said = verdict(await stage().forced(`${order} ${mark}`));
        assert.match(said, /^refused InvalidArgument /, mark);
      }
    }
    assert.equal(await stage().get('hit'), undefined);
    assert.deepEqual(await stage().called(), []);
  });

  it('takes the backslash of a unit as a letter', async () => {
    await set();
    await stage().unit('dev\\x2dsda.service');
    assert.equal(verdict(await stage().forced(say('start', group, '1', 'dev\\x2dsda.service'))), 'done');
    assert.deepEqual(await stage().called(), ['systemctl start -- dev\\x2dsda.service']);
  });

  it('is led nowhere else by its environment', async () => {
    await set();
    const env = {
      UNDERSTUDY_ROOT: stage().root,
      UNDERSTUDY_PATH: `${stage().folder}/stubs`,
      PATH: `${stage().folder}/stubs:/usr/bin:/bin`,
      IFS: '-',
      ENV: `${stage().folder}/stubs/systemctl`,
    };
    const said = verdict(await stage().reallyForced(say('stop', group, '1', unit), env));
    assert.equal(said, `refused NotAllowed the group ${group} is not set up here`);
    assert.deepEqual(await stage().called(), []);
  });

  it('gives its own text to the watch, not one from the environment', async () => {
    await set();
    const env = { UNDERSTUDY_NODE_TEXT: 'touch hit' };
    const order = say('arm', group, '1', '1010', bootId, 'ab', '3', '6379', '-', unit);
    assert.equal(verdict(await stage().forced(order, { stdin: '\n\n', env })), 'done');
    assert.equal(await stage().get(`root/run/understudy/${group}/understudy-node`), undefined);
  });
});
