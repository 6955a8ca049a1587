import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openSession } from '../../controller/ssh-host/open-session.ts';
import { SshSession } from '../../controller/ssh-host/ssh-session.ts';
import { type SshServer, type SshServerOptions, say } from './ssh-server.ts';
import { startServer } from './ssh-stage.ts';

async function open(
  context: TestContext,
  options: SshServerOptions = {},
): Promise<{ server: SshServer; session: SshSession }> {
  const server = await startServer(context, options);
  const session = await openSession(server.login());
  assert.ok(session instanceof SshSession);
  context.after(() => session.close());
  return { server, session };
}

test('a command gets its stdin and gives its output and exit code', async (context) => {
  const { session } = await open(context);
  const ran = await session.run({ command: 'cat; echo why >&2; exit 3', stdin: 'grüße\n', limitMs: 5_000 });
  assert.ok(ran.kind === 'ended');
  assert.deepEqual([ran.code, ran.stdout, ran.stderr], [3, 'grüße\n', 'why\n']);
});

test('a character that is torn between two packets is whole again', async (context) => {
  const bytes = Buffer.from('größer €\n');
  const { session } = await open(context, {
    answer: async ({ channel }) => {
      for (const byte of bytes) channel.write(Buffer.from([byte]));
      say(channel, '');
    },
  });
  const ran = await session.run({ command: 'x', limitMs: 5_000 });
  assert.ok(ran.kind === 'ended');
  assert.equal(ran.stdout, 'größer €\n');
});

test('never more than four commands run at once on a connection', async (context) => {
  const { server, session } = await open(context);
  const runs = Array.from({ length: 12 }, () => session.run({ command: 'sleep 0.05', limitMs: 5_000 }));
  for (const ran of await Promise.all(runs)) assert.equal(ran.kind, 'ended');
  assert.equal(server.widest, 4);
});

test('a host that allows fewer sessions is asked again until one is free', async (context) => {
  const { server, session } = await open(context, { mostSessions: 1 });
  const runs = Array.from({ length: 4 }, () => session.run({ command: 'sleep 0.05', limitMs: 5_000 }));
  for (const ran of await Promise.all(runs)) assert.equal(ran.kind, 'ended');
  assert.deepEqual([server.widest, server.refusals > 0], [1, true]);
});

test('a host that opens no session at all leaves nothing hanging', async (context) => {
  const { session } = await open(context, { mostSessions: 0 });
  assert.equal((await session.run({ command: 'true', limitMs: 200 })).kind, 'lost');
});

test('a command that hangs is given up, and its connection with it', async (context) => {
  const { session } = await open(context, { answer: () => undefined });
  assert.equal((await session.run({ command: 'x', limitMs: 100 })).kind, 'lost');
  assert.equal(session.isOpen, false);
});

test('a command that hangs does not end the others on its connection', async (context) => {
  const { session, server } = await open(context);
  let release = () => undefined as undefined;
  const { answer } = server;
  server.answer = (arrival) => {
    if (arrival.command === 'hang') return;
    if (arrival.command !== 'wait') return answer(arrival);
    release = () => void say(arrival.channel, 'waited\n');
  };
  const waiting = session.run({ command: 'wait', limitMs: 5_000 });
  assert.equal((await session.run({ command: 'hang', limitMs: 100 })).kind, 'lost');
  release();
  assert.equal((await waiting).kind, 'ended');
  assert.equal((await session.run({ command: 'true', limitMs: 5_000 })).kind, 'ended');
});

test('all that waits is told when the connection ends', async (context) => {
  const { server, session } = await open(context, { answer: () => undefined });
  const runs = Array.from({ length: 6 }, () => session.run({ command: 'x', limitMs: 60_000 }));
  while (server.commands.length < 4) await new Promise(setImmediate);
  server.cut();
  for (const ran of await Promise.all(runs)) assert.equal(ran.kind, 'lost');
});

test('a flood of output is not kept', async (context) => {
  const { session } = await open(context);
  const ran = await session.run({ command: 'head -c 4000000 /dev/zero', limitMs: 5_000 });
  assert.equal(ran.kind, 'lost');
});

test('a flood of output whose end came with it is not kept, either', async (context) => {
  const { session } = await open(context, {
    answer: ({ channel }) => say(channel, 'x'.repeat(1_100_000)),
  });
  const ran = await session.run({ command: 'x', limitMs: 5_000 });
  assert.equal(ran.kind, 'lost');
});
