import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { SshFence } from '../../controller/ssh-host/ssh-fence.ts';
import { newKey, type SshServer, say } from './ssh-server.ts';
import { startServer } from './ssh-stage.ts';

const stop = "'pct' 'stop' '100'";
const ask = "'pct' 'status' '100'";

function fenceAt(
  context: TestContext,
  server: SshServer,
  knownHosts = server.knownHosts,
  limitMs = 1_500,
): SshFence {
  const fence = new SshFence({
    login: server.login({ knownHosts }),
    command: ['pct', 'stop', '100'],
    confirm: { command: ['pct', 'status', '100'], stdout: 'status: stopped' },
    limitMs,
  });
  context.after(() => fence.close());
  return fence;
}

/** A hypervisor on which the node is off after so many questions, and what its stop command says. */
function hypervisor(questions: number, code = 0) {
  let left = questions;
  return async ({ command, channel }: { command: string; channel: import('ssh2').ServerChannel }) => {
    if (command === stop) return say(channel, '', code, code === 0 ? '' : 'CT 100 is locked\n');
    if (command !== ask) return say(channel, '', 127);
    left -= 1;
    say(channel, left < 0 ? 'status: stopped\n' : 'status: running\n');
  };
}

test('the node counts as off when the confirmation says so, and not before', async (context) => {
  const server = await startServer(context, { answer: hypervisor(2) });
  assert.deepEqual(await fenceAt(context, server).powerOff(), { kind: 'done' });
  assert.deepEqual(server.commands, [stop, ask, ask, ask]);
});

test('a command that fails is not the end: the node may be off already', async (context) => {
  const server = await startServer(context, { answer: hypervisor(0, 255) });
  assert.deepEqual(await fenceAt(context, server).powerOff(), { kind: 'done' });
});

test('a node that stays on is a refusal that says what both commands said', async (context) => {
  const server = await startServer(context, { answer: hypervisor(1e9, 1) });
  const outcome = await fenceAt(context, server).powerOff();
  assert.ok(outcome.kind === 'refused', inspect(outcome));
  assert.match(outcome.message, /pct status 100 says "status: running", not "status: stopped"/);
  assert.match(outcome.message, /CT 100 is locked/);
});

test('more than what was to be said is not it', async (context) => {
  const server = await startServer(context, {
    answer: ({ channel }) => say(channel, 'status: stopped\nstatus: running\n'),
  });
  assert.equal((await fenceAt(context, server).powerOff()).kind, 'refused');
});

test('a connection that is lost after the command is made again to ask', async (context) => {
  const server = await startServer(context);
  server.answer = () => {
    server.answer = hypervisor(0);
    server.cut();
  };
  assert.deepEqual(await fenceAt(context, server).powerOff(), { kind: 'done' });
  assert.equal(server.logins, 2);
});

test('a command that could not be sent is sent as soon as the machine is there', async (context) => {
  const server = await startServer(context, { answer: hypervisor(1), turnedAway: 3 });
  assert.deepEqual(await fenceAt(context, server).powerOff(), { kind: 'done' });
  assert.ok(server.commands.includes(stop));
});

test('a machine that never answers leaves it unknown', async (context) => {
  const server = await startServer(context, { answer: () => undefined });
  assert.equal((await fenceAt(context, server).powerOff()).kind, 'unknown');
});

test('a machine whose key is another is told nothing', async (context) => {
  const server = await startServer(context);
  const knownHosts = `[127.0.0.1]:${server.port} ${newKey().public}\n`;
  const outcome = await fenceAt(context, server, knownHosts).powerOff();
  assert.ok(outcome.kind === 'refused', inspect(outcome));
  assert.match(outcome.message, /has another one/);
  assert.deepEqual(server.commands, []);
});

test('who may try only for so long tries no longer than that', { timeout: 20_000 }, async (context) => {
  const server = await startServer(context, { answer: hypervisor(1e9, 1) });
  const fence = fenceAt(context, server, server.knownHosts, 3_600_000);
  assert.equal((await fence.powerOff(1_500)).kind, 'refused');
});
