import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCommandLine } from './group-stage.ts';

const goodGroup = (name: string, more = '') => `apiVersion: understudy.dev/v1alpha1
kind: FailoverGroup
metadata: { name: ${name} }
spec:
  primary: a
  nodes:
    - { name: a, redis: { host: 127.0.0.1, port: 1 } }
    - { name: b, redis: { host: 127.0.0.1, port: 2 } }
${more}`;

async function folderWith(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-usage-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

test('a bad file is told with its line, by every command, with 2', async (t) => {
  const folder = await folderWith(t, { 'bad.yaml': goodGroup('one').replace('primary: a', 'primary: c') });
  const file = join(folder, 'bad.yaml');
  for (const words of [['run'], ['status'], ['plan'], ['switchover', 'b'], ['pause'], ['validate']]) {
    const ended = await runCommandLine(['--file', file, ...words]);
    assert.equal(ended.code, 2, words.join(' '));
    assert.match(ended.err, /bad\.yaml:5:3 spec\.primary: /);
    assert.equal(ended.out, '');
  }
});

test('validate says 0 of a good file and gives one document with --json', async (t) => {
  const folder = await folderWith(t, { 'good.yaml': goodGroup('one') });
  const ended = await runCommandLine(['validate', join(folder, 'good.yaml'), '--json']);
  assert.equal(ended.code, 0);
  assert.deepEqual(JSON.parse(ended.out), { ok: true, exitCode: 0, groups: ['one'], problems: [] });
});

test('what is mistyped is bad usage, with what was probably meant', async () => {
  for (const [words, meant] of [
    [['switchovr', 'b'], /switchover/],
    [['status', '--jsn'], /--json/],
    [['switchover', 'b', '--timeout', 'soon'], /must be a number/],
    [['status', '--watch', '--json'], /cannot be used/],
    [['run', '--log-level', 'loud'], /debug, info/],
    [['--file', '/nowhere/group.yaml', 'status'], /does not exist/],
  ] as const) {
    const ended = await runCommandLine(words);
    assert.equal(ended.code, 2, words.join(' '));
    assert.match(ended.err + ended.out, meant);
  }
});

test('the exit codes are in the help', async () => {
  const { code, out } = await runCommandLine(['--help']);
  assert.equal(code, 0);
  for (const line of [/0 {2}done/, /1 {2}failed/, /2 {2}bad usage/, /3 {2}refused/, /4 {2}still going/])
    assert.match(out, line);
});

test('in a folder of several groups one must be named', async (t) => {
  const folder = await folderWith(t, { 'one.yaml': goodGroup('one'), 'two.yaml': goodGroup('two') });
  const which = await runCommandLine(['--file', folder, 'status']);
  assert.equal(which.code, 2);
  assert.match(which.err, /--group \(one, two\)/);
  const wrong = await runCommandLine(['--file', folder, '--group', 'twoo', 'status']);
  assert.match(wrong.err, /Did you mean two\?/);
  const found = await runCommandLine(['--file', folder, '--group', 'two', 'status']);
  assert.equal(found.code, 1);
  assert.match(found.out, /^two /);
});

test('a key for SSH that cannot be had, or is none, is told by its field and never shown', async (t) => {
  const folder = await folderWith(t, { notAKey: 'geheim\n', known_hosts: 'h ssh-ed25519 AAAA\n' });
  const group = (key: string) =>
    goodGroup(
      'one',
      `  ssh: { privateKeyFrom: { file: ${key} }, knownHostsFrom: { file: ${join(folder, 'known_hosts')} } }\n`,
    ).replace('port: 1 } }', 'port: 1 }, ssh: { host: h, user: root } }');
  for (const [key, why] of [
    ['/nowhere/key', /spec\.ssh\.privateKeyFrom: \/nowhere\/key cannot be read \(ENOENT\)/],
    [join(folder, 'notAKey'), /spec\.ssh\.privateKeyFrom \(.*notAKey\) holds no private key/],
  ] as const) {
    const groups = await folderWith(t, { 'ssh.yaml': group(key) });
    const ended = await runCommandLine(['--file', join(groups, 'ssh.yaml'), 'status']);
    assert.equal(ended.code, 2);
    assert.match(ended.err, why);
    assert.doesNotMatch(ended.err, /geheim/);
  }
});

test('a password that cannot be had is told by its field, never by its value', async (t) => {
  const from = (source: string) => `  redis: { auth: { passwordFrom: { ${source} } } }\n`;
  const folder = await folderWith(t, {
    'file.yaml': goodGroup('one', from('file: /nowhere/password')),
    'env.yaml': goodGroup('one', from('env: UNDERSTUDY_TEST_NO_SUCH')),
    'secret.yaml': goodGroup('one', from('secret: { name: x, key: y }')),
  });
  for (const [name, why] of [
    ['file.yaml', /passwordFrom: \/nowhere\/password cannot be read \(ENOENT\)/],
    ['env.yaml', /UNDERSTUDY_TEST_NO_SUCH is not set/],
    ['secret.yaml', /Kubernetes cluster only/],
  ] as const) {
    const ended = await runCommandLine(['--file', join(folder, name), 'plan']);
    assert.equal(ended.code, 2);
    assert.match(ended.err, why);
  }
});
