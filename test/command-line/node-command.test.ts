import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Arrival, newKey, say } from '../ssh-host/ssh-server.ts';
import { startServer } from '../ssh-host/ssh-stage.ts';
import { runCommandLine } from './group-stage.ts';

/** A host whose root takes the controller's key, and a group's file that leads there. */
async function stage(context: TestContext, installer: (arrival: Arrival) => void = installed) {
  const server = await startServer(context, {
    answer: (arrival) =>
      arrival.command === 'understudy-node hello'
        ? say(arrival.channel, 'understudy-node 2\nmode forced\ndone\n')
        : installer(arrival),
  });
  const folder = await mkdtemp(join(tmpdir(), 'understudy-node-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const file = (name: string) => join(folder, name);
  await writeFile(file('key'), server.clientKey.private);
  await writeFile(file('known_hosts'), server.knownHosts);
  await writeFile(
    file('group.yaml'),
    `apiVersion: understudy.dev/v1alpha1
kind: FailoverGroup
metadata: { name: quantshift }
spec:
  primary: a
  nodes:
    - { name: a, redis: { host: 127.0.0.1, port: 1 }, ssh: { host: 127.0.0.1, port: ${server.port}, user: root } }
    - { name: b, redis: { host: 127.0.0.1, port: 2 }, ssh: { host: 127.0.0.2, user: root } }
  ssh: { privateKeyFrom: { file: ${file('key')} }, knownHostsFrom: { file: ${file('known_hosts')} } }
  units: [{ name: bot.service }]
`,
  );
  const node = (...words: readonly string[]) =>
    runCommandLine(['--file', file('group.yaml'), 'node', ...words]);
  return { server, file, node };
}

const installed = ({ channel }: Arrival) => say(channel, 'made the login understudy\nput up the guards\n');

test('install hands over the key and the script, tells what was done and what to put into the spec', async (context) => {
  const { server, node } = await stage(context);
  const { code, out, err } = await node('install', '--node', 'a');
  assert.equal(code, 0, err);
  assert.match(out, /^made the login understudy\nput up the guards\n/);
  assert.match(out, /ssh: \{ host: 127\.0\.0\.1, port: \d+, user: understudy \}/);
  assert.match(
    server.commands[0] ?? '',
    /^sh -c '.*' 'sh' '\d+' 'quantshift' 'understudy' 'redis-server.service' '\/var\/lib\/redis' 'bot.service'$/,
  );
  const script = await readFile(join(import.meta.dirname, '../../deploy/understudy-node'), 'utf8');
  const input = server.inputs[0] ?? '';
  assert.ok(input.endsWith(`${server.clientKey.public.split(' ').slice(0, 2).join(' ')}\n${script}`));
  assert.doesNotMatch(input + out + err, /PRIVATE KEY/);
});

test('uninstall asks for the opposite, by a login that is told, with sudo', async (context) => {
  const { server, node } = await stage(context);
  const { code, out } = await node('uninstall', '--node', 'a', '--as', 'admin', '--data', '/data/redis');
  assert.equal(code, 0);
  assert.match(server.commands[0] ?? '', /^sudo -n sh -c .* '--remove' 'quantshift' .* '\/data\/redis' /);
  assert.match(out, /Taken away from a/);
});

test('what the installer says when it fails is told', async (context) => {
  const { node } = await stage(context, ({ channel }) => say(channel, '', 1, 'visudo: syntax error\n'));
  const { code, err } = await node('install', '--node', 'a');
  assert.equal(code, 1);
  assert.match(err, /visudo: syntax error/);
});

test('an installation that does not work afterwards is none', async (context) => {
  const { server, node } = await stage(context);
  server.answer = ({ channel, command }) => say(channel, '', command === 'understudy-node hello' ? 127 : 0);
  const { code, err } = await node('install', '--node', 'a');
  assert.equal(code, 1);
  assert.match(err, /does not work/);
});

test('a host that is not known is refused, unless a person asks for it: then its key is told and kept', async (context) => {
  const { server, file, node } = await stage(context);
  const other = `other ${newKey().public}`;
  await writeFile(file('known_hosts'), other);
  const refused = await node('install', '--node', 'a');
  assert.equal(refused.code, 1);
  assert.match(refused.err, /host key of \[127\.0\.0\.1\]:\d+ is not in/);
  assert.equal(server.attempts, 0);
  const { code, err } = await node('install', '--node', 'a', '--accept-new-host-key');
  assert.equal(code, 0, err);
  assert.match(err, /Accepted the host key of 127\.0\.0\.1: SHA256:/);
  const line = `[127.0.0.1]:${server.port} ${server.hostKeys[0]?.public.split(' ').slice(0, 2).join(' ')}`;
  assert.equal(await readFile(file('known_hosts'), 'utf8'), `${other}\n${line}\n`);
});

test('the first host of all needs no file of known hosts', async (context) => {
  const { server, file, node } = await stage(context);
  await rm(file('known_hosts'));
  const { code, err } = await node('install', '--node', 'a', '--accept-new-host-key');
  assert.equal(code, 0, err);
  assert.match(
    await readFile(file('known_hosts'), 'utf8'),
    new RegExp(`^# .*\n\\[127.0.0.1\\]:${server.port} ssh-`),
  );
});

test('another key than the known one is refused, whatever a person asks for', async (context) => {
  const { server, file, node } = await stage(context);
  await writeFile(file('known_hosts'), `[127.0.0.1]:${server.port} ${newKey().public}\n`);
  const { code, err } = await node('install', '--node', 'a', '--accept-new-host-key');
  assert.equal(code, 1);
  assert.match(err, /has another one/);
  assert.deepEqual([server.logins, server.commands], [0, []]);
});

test('a node that is not there, or has no ssh, is bad usage', async (context) => {
  const { node } = await stage(context);
  const { code, err } = await node('install', '--node', 'c');
  assert.equal(code, 2);
  assert.match(err, /There is no node c, only a, b/);
});
