import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { group } from './node-stage.ts';
import { onShells } from './on-shells.ts';

const equity = 'quantshift-equity.service';
const crypto = 'quantshift-crypto.service';
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEqe+/a= controller@third';
const words = [group, 'understudy', 'redis-server.service', '/var/lib/redis', equity, crypto];
const home = 'root/var/lib/understudy-login';
const keys = `${home}/.ssh/authorized_keys`;
const conf = `root/etc/understudy/${group}.conf`;
const guard = (unit: string) => `root/etc/systemd/system/${unit}.d/understudy.conf`;

/** Logins are files; systemctl knows is-active. */
const logins: Readonly<Record<string, string>> = {
  useradd:
    'echo "useradd $*" >>"$state/log"; for last; do :; done; echo /var/lib/understudy-login >"$state/login-$last"',
  userdel:
    'echo "userdel $*" >>"$state/log"; [ ! -e "$state/in-use" ] || { echo "$1 is in use" >&2; exit 8; }; rm "$state/login-$1"',
  pkill: 'echo "pkill $*" >>"$state/log"; [ "$(cat "$state/in-use")" = stays ] || rm "$state/in-use"',
  sleep: ':',
  id: 'case $# in 1) echo 0 ;; *) cat "$state/login-$2" ;; esac',
  getent: 'echo "$2:x:99:99::$(cat "$state/login-$2"):/bin/sh"',
  visudo: 'echo "visudo $*" >>"$state/log"; [ ! -e "$state/bad-rule" ]',
  sudo: ':',
};
const isActive = '[ "$(cat "$state/units/$4/ActiveState" 2>/dev/null)" = active ]';

onShells('the installer', (stage) => {
  const set = async () => {
    for (const [name, text] of Object.entries(logins))
      await stage().command(name, `#!/bin/sh\nstate=$(dirname "$0")/../state\n${text}\n`);
    const known = await stage().get('stubs/systemctl');
    await stage().put('stubs/systemctl-of-nodes', known ?? '');
    const lines = [
      '#!/bin/sh',
      'state=$(dirname "$0")/../state',
      `case $1 in is-active) ${isActive}; exit ;; esac`,
    ];
    await stage().command('systemctl', [...lines, '. "$(dirname "$0")/systemctl-of-nodes"', ''].join('\n'));
    await stage().unit(equity, 'active');
    await stage().unit(crypto);
  };
  const install = async (changed: readonly string[] = words, withKey = key) =>
    stage().install(changed, withKey);
  const mode = async (path: string) => ((await stat(join(stage().folder, path))).mode & 0o777).toString(8);
  const files = async () => {
    const all = await readdir(stage().root, { recursive: true, withFileTypes: true });
    return all.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  };

  it('sets up a login that can run the one command, the script, what is allowed, and the guards', async () => {
    await set();
    const { code, stdout, stderr } = await install();
    assert.equal(code, 0, stderr);
    assert.equal(
      await stage().get(keys),
      'restrict,command="sudo -n /usr/local/lib/understudy/understudy-node --forced" ' +
        'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEqe+/a= understudy\n',
    );
    const rule = (await stage().get('root/etc/sudoers.d/understudy')) ?? '';
    assert.match(
      rule,
      /^understudy ALL=\(root\) NOPASSWD: \/usr\/local\/lib\/understudy\/understudy-node --forced$/m,
    );
    assert.match(rule, /^Defaults!\S+ env_keep \+= "SSH_ORIGINAL_COMMAND"/m);
    assert.equal(
      await stage().get(conf),
      `redis-unit redis-server.service\ndata /var/lib/redis\nunit ${equity}\nunit ${crypto}\n`,
    );
    const script = 'root/usr/local/lib/understudy/understudy-node';
    const source = join(import.meta.dirname, '../../deploy/understudy-node');
    assert.equal(await stage().get(script), await readFile(source, 'utf8'));
    assert.match(
      (await stage().get(guard(crypto))) ?? '',
      /^ConditionPathExists=\/run\/understudy\/quantshift\/permits\/quantshift-crypto\.service$/m,
    );
    const modes = { [script]: '755', [keys]: '644', [conf]: '644', 'root/etc/sudoers.d/understudy': '440' };
    for (const [path, wanted] of Object.entries(modes)) assert.equal(await mode(path), wanted, path);
    const called = await stage().called();
    assert.ok(called.includes('systemctl daemon-reload'));
    assert.match(
      called.find((line) => line.startsWith('useradd')) ?? '',
      /--system .*--shell \/bin\/sh --password \* /,
    );
    for (const told of [
      'made the login understudy',
      'wrote /etc/sudoers.d/understudy',
      `wrote ${guard(equity).slice(4)}`,
    ])
      assert.ok(stdout.includes(told), stdout);
    assert.deepEqual(
      (await files()).filter((file) => /\.(new|given|sudoers)$/.test(file)),
      [],
    );
  });

  it('gives a permit to what runs, and to nothing else', async () => {
    await set();
    await install();
    assert.ok(await stage().hasPermit(equity));
    assert.ok(!(await stage().hasPermit(crypto)));
  });

  it('done again changes nothing and says that all is in place', async () => {
    await set();
    await install();
    const before = await stage().called();
    const { code, stdout } = await install();
    assert.equal(code, 0);
    assert.match(stdout, /^(in place: .*\n)+$/);
    assert.deepEqual(
      (await stage().called()).slice(before.length).filter((line) => !line.startsWith('visudo')),
      [],
    );
  });

  it('done again with another key and other units takes the old ones away', async () => {
    await set();
    await install();
    const { stdout } = await install(words.slice(0, 5), key.replace('AAAAC3', 'AAAAC4'));
    assert.doesNotMatch((await stage().get(keys)) ?? '', /AAAAC3/);
    assert.equal(await stage().get(guard(crypto)), undefined);
    assert.ok(await stage().get(guard(equity)));
    assert.match(stdout, /removed \/etc\/systemd\/system\/quantshift-crypto\.service\.d\/understudy\.conf/);
  });

  it('what it installs works as a forced command', async () => {
    await set();
    await install();
    const order = `understudy-node start ${group} 1 ${crypto}`;
    assert.match((await stage().forced(order)).stdout, /\ndone\n$/);
    assert.match(
      (await stage().forced(order.replace(crypto, 'ssh.service'))).stdout,
      /\nrefused NotAllowed .*\n$/,
    );
  });

  it('is undone by --remove, all but the copies', async () => {
    await set();
    await stage().put(`root/var/lib/understudy/${group}/preserved/a.rdb`, 'data');
    const before = await files();
    await install();
    const { code, stdout, stderr } = await install(['--remove', ...words]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      (await files()).filter((file) => !file.includes('/permits/')),
      before,
    );
    assert.ok((await stage().called()).includes('userdel understudy'));
    assert.match(stdout, /left alone: \/var\/lib\/understudy\/quantshift/);
    assert.equal((await install(['--remove', ...words])).code, 0);
  });

  it('--remove ends the sessions of the login, and says so when it cannot be removed', async () => {
    await set();
    await install();
    await stage().put('state/in-use', 'ends');
    const ended = await install(['--remove', ...words]);
    assert.match(ended.stdout, /removed the login understudy\n$/);
    assert.ok((await stage().called()).includes('pkill -KILL -u understudy'));
    await install();
    await stage().put('state/in-use', 'stays');
    const left = await install(['--remove', ...words]);
    assert.equal(left.code, 1);
    assert.match(left.stderr, /login understudy is left, without a key: understudy is in use/);
    assert.equal(await stage().get(keys), undefined);
  });

  it('--remove of one group leaves the login to the others', async () => {
    await set();
    await install();
    await install(['another', ...words.slice(1, 4), 'other.service']);
    const { stdout } = await install(['--remove', ...words]);
    assert.match(stdout, /left alone: the login understudy/);
    assert.equal(await stage().get(conf), undefined);
    assert.ok(await stage().get(keys));
    assert.ok(await stage().get(guard('other.service')));
  });

  it('does nothing at all when a word is not what it should be', async () => {
    await set();
    const before = await files();
    const bad: Readonly<Record<number, readonly string[]>> = {
      0: ['../x', '$(id)', 'a b', 'A', ''],
      1: ['root', 'a b', 'x;id', '-x', 'a.b', 'ALL', '%wheel', ''],
      2: ['x; rm -rf /', '--now.service'],
      3: ['data', '/', '/a/../b', '/a b', '/a/'],
      4: ['x; rm -rf /', 'a\nb.service', '--now.service', '$(id).service'],
    };
    for (const [at, values] of Object.entries(bad))
      for (const value of values)
        assert.equal((await install(words.with(Number(at), value))).code, 1, `${at} ${value}`);
    for (const other of [
      '',
      'no key',
      `command="sh" ${key}`,
      `${key}\ncommand="sh"`.replace('\n', '"'),
      'ssh-ed25519 BBBB',
    ])
      assert.equal((await install(words, other)).code, 1, other);
    assert.equal((await stage().install(words, key, 'echo something else\n')).code, 1);
    assert.deepEqual(await files(), before);
    assert.deepEqual(await stage().called(), []);
  });

  it('takes no login that has keys of its own', async () => {
    await set();
    await stage().put('state/login-understudy', '/home/understudy\n');
    await stage().put('root/home/understudy/.ssh/authorized_keys', `${key}\n`);
    const { code, stderr } = await install();
    assert.equal(code, 1);
    assert.match(stderr, /keys of its own/);
    assert.equal(await stage().get('root/home/understudy/.ssh/authorized_keys'), `${key}\n`);
  });

  it('puts no rule in place that sudo does not take', async () => {
    await set();
    await stage().put('state/bad-rule', '');
    const { code, stderr } = await install();
    assert.equal(code, 1);
    assert.match(stderr, /sudo does not take the rule/);
    assert.equal(await stage().get('root/etc/sudoers.d/understudy'), undefined);
  });
});
