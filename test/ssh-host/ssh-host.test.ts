import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Secret } from '../../controller/secret.ts';
import { until } from '../redis/until.ts';
import { forcedNode, type NodeState, shown } from './forced-node.ts';
import { newKey, say } from './ssh-server.ts';
import { hostAt, startServer } from './ssh-stage.ts';

const fresh = (): NodeState => ({ uptime: 1000, epoch: 3, lease: 'absent - -' });
const terms = { seconds: 15, epoch: 3 };

test('a host with the script installed is told the verb and its words, and nothing else', async (context) => {
  const server = await startServer(context, { answer: forcedNode(fresh()) });
  const host = hostAt(context, server.login());
  const view = await host.observe();
  assert.ok(view.state === 'answers', inspect(view));
  assert.deepEqual([view.epoch, view.freeDiskBytes, view.redisUnit?.state], [3, 1_000_000, 'running']);
  assert.deepEqual(
    view.units.map((unit) => unit.name),
    ['bot.service', 'second.service'],
  );
  assert.deepEqual(await host.startUnits(['bot.service', 'second.service'], 4), { kind: 'done' });
  const [hello, observe, start = '', ...more] = server.commands;
  assert.deepEqual(
    [hello, observe, more],
    [
      'understudy-node hello',
      'understudy-node observe quantshift redis-server.service bot.service second.service',
      [],
    ],
  );
  // An order bears the time after which it is void there: 3 s from now, by the node's own clock.
  const said =
    /^understudy-node start quantshift 4\/(\d+\.\d\d)\/([0-9a-f-]{36}) bot.service second.service$/.exec(
      start,
    );
  assert.ok(said !== null && Number(said[1]) > 1002 && Number(said[1]) <= 1003.01, start);
});

test('a host with nothing installed is sent the script, which its shell runs', async (context) => {
  const server = await startServer(context);
  assert.deepEqual(await hostAt(context, server.login()).stopUnits(['a\\x2db@c.service'], 4), {
    kind: 'done',
  });
  const order = server.commands.at(-1) ?? '';
  assert.match(order, /^sh -c '.*'stop' 'quantshift' '4' 'a\\x2db@c.service'$/);
});

test('only who is not root asks sudo', async (context) => {
  const server = await startServer(context, {
    answer: ({ command, channel }) =>
      command.startsWith('sudo -n sh -c ')
        ? say(channel, '', 1, 'sudo: a password is required\n')
        : say(channel, '', 127),
  });
  const view = await hostAt(context, server.login({ user: 'bot' })).observe();
  assert.ok(view.state === 'unusable', inspect(view));
  assert.match(view.detail, /sudo: a password is required/);
});

test('words that are no names of units, and no epochs, never get to a host', async (context) => {
  const server = await startServer(context);
  const host = hostAt(context, server.login());
  for (const name of ['../x.service', '-h.service', 'a b.service', 'x.timer', "x'.service"])
    assert.equal((await host.startUnits(['bot.service', name], 1)).kind, 'refused');
  for (const epoch of [-1, 1.5, Number.NaN, 1e15])
    assert.equal((await host.stopUnits(['bot.service'], epoch)).kind, 'refused');
  for (const path of ['relative', '/a/../b', '/a b', '/a;b'])
    assert.equal((await host.copyAside(path, 1, 1)).kind, 'refused');
  assert.equal(server.attempts, 0);
});

test('what the script refuses is refused with its reason, and what it does not know is unknown', async (context) => {
  const replies = ['refused EpochTooOld 9 was accepted', 'unknown busy'];
  const node = forcedNode(fresh(), ([verb]) => (verb === 'start' ? replies.shift() : undefined));
  const server = await startServer(context, { answer: node });
  const host = hostAt(context, server.login());
  const refused = await host.startUnits(['bot.service'], 4);
  assert.ok(refused.kind === 'refused');
  assert.deepEqual([refused.reason, /9 was accepted/.test(refused.message)], ['EpochTooOld', true]);
  const unknown = await host.startUnits(['bot.service'], 4);
  assert.ok(unknown.kind === 'unknown');
  assert.match(unknown.message, /busy/);
});

test('a connection that is lost in mid-command leaves an unknown outcome, and is told of', async (context) => {
  const node = forcedNode(fresh());
  const server = await startServer(context, { answer: node });
  const host = hostAt(context, server.login());
  assert.equal((await host.observe()).state, 'answers');
  const told = new Promise<void>((resolve) => host.onChange(resolve));
  server.answer = () => server.cut();
  const outcome = await host.startUnits(['bot.service'], 4);
  assert.equal(outcome.kind, 'unknown', inspect(outcome));
  await told;
  server.answer = node;
  assert.equal((await host.observe()).state, 'answers');
  assert.equal(server.logins, 2);
});

test('an end without an exit code, by a signal, or with half an answer is an unknown outcome', async (context) => {
  const ends = [
    ({ channel }: { channel: import('ssh2').ServerChannel }) => channel.close(),
    ({ channel }: { channel: import('ssh2').ServerChannel }) => {
      channel.exit('KILL', false, '');
      channel.end();
    },
    ({ channel }: { channel: import('ssh2').ServerChannel }) => say(channel, 'understudy-node 2\ndone'),
    ({ channel }: { channel: import('ssh2').ServerChannel }) => say(channel, 'understudy-node 2\nlines\n'),
    ({ channel }: { channel: import('ssh2').ServerChannel }) => say(channel, 'done\n'),
    ({ channel }: { channel: import('ssh2').ServerChannel }) => say(channel, 'understudy-node 9\ndone\n'),
    ({ channel }: { channel: import('ssh2').ServerChannel }) => say(channel, 'understudy-node 2\ndone\n', 1),
    ({ channel }: { channel: import('ssh2').ServerChannel }) => say(channel, '', 124),
  ];
  const node = forcedNode(fresh());
  const server = await startServer(context, { answer: node });
  const host = hostAt(context, server.login());
  await host.observe();
  for (const end of ends) {
    server.answer = end;
    const outcome = await host.stopUnits(['bot.service'], 4);
    assert.equal(outcome.kind, 'unknown', `${end}: ${inspect(outcome)}`);
  }
});

test('a command that hangs makes the host silent, and the next look is on a new connection', async (context) => {
  const node = forcedNode(fresh());
  const server = await startServer(context, { answer: node });
  const host = hostAt(context, server.login(), { lookMs: 1_000 });
  const answers = async () => (await host.observe()).state === 'answers';
  await until('it answers', answers);
  const { logins } = server;
  server.answer = () => undefined;
  assert.deepEqual(await host.observe(), { state: 'silent' });
  server.answer = node;
  await until('it answers again', answers);
  assert.ok(server.logins > logins);
});

test('a port that takes the connection and never says a word is silence', async (context) => {
  const mute = createServer();
  mute.listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const server = await startServer(context);
  const { port } = mute.address() as AddressInfo;
  const login = {
    ...server.login({ knownHosts: server.knownHosts.replaceAll(`${server.port}`, `${port}`) }),
    port,
  };
  const host = hostAt(context, login, { lookMs: 300 });
  mute.on('connection', (socket) => context.after(() => socket.destroy()));
  context.after(() => mute.close());
  assert.deepEqual(await host.observe(), { state: 'silent' });
  const outcome = await host.startUnits(['bot.service'], 1);
  assert.equal(outcome.kind, 'unknown');
});

test('a refused connection is silence', async (context) => {
  const server = await startServer(context);
  const login = server.login();
  await server.stop();
  assert.deepEqual(await hostAt(context, login).observe(), { state: 'silent' });
});

test('a host whose key is not known is not even connected to', async (context) => {
  const server = await startServer(context);
  const host = hostAt(context, server.login({ knownHosts: `127.0.0.1 ${newKey().public}\n` }));
  const view = await host.observe();
  assert.ok(view.state === 'unusable', inspect(view));
  assert.match(view.detail, /\[127\.0\.0\.1\]:\d+ is not in spec\.ssh\.knownHostsFrom/);
  assert.match(view.detail, /ssh-keyscan -p \d+ 127\.0\.0\.1/);
  assert.equal(server.attempts, 0);
});

test('a host that shows another key gets neither a login nor a command', async (context) => {
  const server = await startServer(context);
  const knownHosts = `[127.0.0.1]:${server.port} ${newKey().public}\n`;
  const host = hostAt(context, server.login({ knownHosts }));
  const view = await host.observe();
  assert.ok(view.state === 'unusable', inspect(view));
  assert.match(
    view.detail,
    /shows the ssh-ed25519 key SHA256:\S+, but spec\.ssh\.knownHostsFrom has another/,
  );
  const outcome = await host.stopRedis(1);
  assert.deepEqual([outcome.kind, 'reason' in outcome && outcome.reason], ['refused', 'HostUnusable']);
  assert.deepEqual([server.logins, server.commands], [0, []]);
});

test('a revoked key is not taken, even when another line has it', async (context) => {
  const server = await startServer(context);
  const knownHosts = `${server.knownHosts}[127.0.0.1]:${server.port} ${newKey('ecdsa').public}\n@revoked * ${server.hostKeys[0]?.public}\n`;
  const view = await hostAt(context, server.login({ knownHosts })).observe();
  assert.equal(view.state, 'unusable', inspect(view));
  assert.equal(server.logins, 0);
});

test('of several host keys the server shows the one that is known', async (context) => {
  const hostKeys = [newKey('ed25519'), newKey('ecdsa')];
  const server = await startServer(context, { hostKeys, answer: forcedNode(fresh()) });
  for (const key of hostKeys) {
    const knownHosts = `[127.0.0.1]:${server.port} ${key.public}\n`;
    assert.equal((await hostAt(context, server.login({ knownHosts })).observe()).state, 'answers');
  }
});

test('a refused login is told and not tried again at once', async (context) => {
  const server = await startServer(context);
  const host = hostAt(context, server.login({ privateKey: newKey().private }));
  for (let look = 0; look < 3; look += 1) {
    const view = await host.observe();
    assert.ok(view.state === 'unusable', inspect(view));
    assert.match(view.detail, /root@127\.0\.0\.1:\d+ does not take the key of spec\.ssh\.privateKeyFrom/);
  }
  assert.equal(server.attempts, 1);
});

test('all who ask while the connection is made wait for the one', async (context) => {
  const server = await startServer(context, { answer: forcedNode(fresh()) });
  const host = hostAt(context, server.login());
  const views = await Promise.all([host.observe(), host.observe(), host.stopUnits(['bot.service'], 3)]);
  assert.deepEqual(
    views.map((view) => ('state' in view ? view.state : view.kind)),
    ['answers', 'answers', 'done'],
  );
  assert.equal(server.attempts, 1);
});

test('a host that falls silent without a word ends the connection', { timeout: 30_000 }, async (context) => {
  const server = await startServer(context, { answer: forcedNode(fresh()) });
  const host = hostAt(context, server.login());
  await host.observe();
  const told = new Promise<void>((resolve) => host.onChange(resolve));
  server.freeze();
  await told;
});

test('what a unit is like is told, and one that the host does not know is unknown', async (context) => {
  const gone = shown('bot.service', { LoadState: 'not-found', ActiveState: 'inactive', MainPID: '0' });
  const node = forcedNode(fresh(), ([verb]) =>
    verb === 'observe'
      ? [
          'boot 0b8b9d6c-52a5-4e5a-9f6b-0d9d3a0f6c11',
          'uptime 100.00',
          'epoch 0',
          'lease absent - -',
          'unit 0',
          ...shown('valkey.service', {
            ActiveState: 'failed',
            Result: 'signal',
            MainPID: '0',
            TasksCurrent: '[not set]',
            ExecMainExitTimestampMonotonic: '97500000',
            Restart: 'always',
          }),
          'unit 1',
          ...gone,
          'unit 2',
          ...shown('alias.service', { UnitFileState: 'enabled' }),
          'done',
        ].join('\n')
      : undefined,
  );
  const server = await startServer(context, { answer: node });
  const view = await hostAt(context, server.login()).observe();
  assert.ok(view.state === 'answers', inspect(view));
  assert.deepEqual(view.redisUnit, {
    name: 'redis-server.service',
    state: 'failed',
    result: 'signal',
    restarts: 0,
    endedSeconds: 2.5,
    enabledAtBoot: false,
    restartsItself: true,
  });
  const [bot, second] = view.units;
  assert.deepEqual(
    [bot?.state, second?.name, second?.enabledAtBoot],
    ['unknownUnit', 'second.service', true],
  );
});

test('the lease is armed by the first look, renewed by the next ones, and never lasts longer than was meant', async (context) => {
  const state = fresh();
  const server = await startServer(context, { answer: forcedNode(state) });
  const password = new Secret('sesam-oeffne-dich');
  const lease = {
    redisPort: 6379,
    peers: [{ host: '10.0.0.2', port: 6380 }],
    password,
    stopDeadlineSeconds: 3,
    seconds: 15,
  };
  const host = hostAt(context, server.login(), { lease });
  const leaseOf = async () => {
    const view = await host.observe(terms);
    assert.ok(view.state === 'answers', inspect(view));
    return view.lease;
  };
  assert.deepEqual(await leaseOf(), { state: 'armed' });
  const arming = server.commands.at(-1)?.split(' ') ?? [];
  assert.deepEqual(arming.slice(0, 4), ['understudy-node', 'arm', 'quantshift', '3']);
  assert.deepEqual(arming.slice(7), ['3', '6379', '10.0.0.2:6380', 'bot.service', 'second.service']);
  assert.equal(server.inputs.at(-1), '\nsesam-oeffne-dich\n');
  assert.deepEqual(await leaseOf(), { state: 'armed' });
  const until = Number(/--lease (\S+) /.exec(server.commands.at(-1) ?? '')?.[1]);
  assert.ok(until > 1014 && until <= 1016, `${until}`);
  // Nothing of it stands where others could read it.
  assert.doesNotMatch(server.commands.join('\n'), /sesam/);
  state.lease = state.lease.replace('armed', 'carrying-on');
  assert.deepEqual(await leaseOf(), { state: 'carryingOn' });
  state.lease = 'absent - -';
  assert.deepEqual(await leaseOf(), { state: 'armed' });
  const view = await host.observe();
  assert.ok(view.state === 'answers' && view.lease?.state === 'armed');
});

test('after a long pause the time of the node is asked for before the lease is renewed', async (context) => {
  const server = await startServer(context, { answer: forcedNode(fresh()) });
  const lease = { redisPort: 6379, peers: [], stopDeadlineSeconds: 3, seconds: 15 };
  const host = hostAt(context, server.login(), { lease });
  await host.observe(terms);
  const now = performance.now.bind(performance);
  context.mock.method(performance, 'now', () => now() + 60_000);
  await host.observe(terms);
  const [asking = '', renewing = ''] = server.commands.slice(-2);
  assert.match(asking, / observe (?!.*--lease)/);
  assert.match(renewing, / observe .*--lease 101[0-5]\.\d\d /);
});

test('a watch that is there is taken away when the group does without leases, and only by who says so', async (context) => {
  const state = { ...fresh(), lease: 'armed 2000.00 abc' };
  const server = await startServer(context, { answer: forcedNode(state) });
  const host = hostAt(context, server.login());
  await host.observe();
  assert.equal(server.commands.length, 2);
  const view = await host.observe({ seconds: 0, epoch: 3 });
  assert.ok(view.state === 'answers' && view.lease === undefined, inspect(view));
  assert.equal(server.commands.at(-1), 'understudy-node disarm quantshift 3');
  await host.observe({ seconds: 0, epoch: 3 });
  assert.match(server.commands.at(-1) ?? '', / observe /);
});

test('a controller that was started anew arms the watch anew: the password may be another', async (context) => {
  const state = fresh();
  const server = await startServer(context, { answer: forcedNode(state) });
  const lease = { redisPort: 6379, peers: [], stopDeadlineSeconds: 3, seconds: 15 };
  for (let round = 0; round < 2; round += 1) {
    const host = hostAt(context, server.login(), { lease });
    await host.observe(terms);
    await host.observe(terms);
  }
  const orders = server.commands.filter((command) => command.includes(' arm '));
  assert.equal(orders.length, 2);
  assert.equal(orders[0]?.split(' ')[6], orders[1]?.split(' ')[6]);
});

test('a secret is in no command line, no view and no message, whatever the host says', async (context) => {
  const secret = 'sesam-oeffne-dich';
  const server = await startServer(context);
  const lease = {
    redisPort: 6379,
    peers: [],
    password: new Secret(secret),
    username: 'u',
    stopDeadlineSeconds: 3,
    seconds: 15,
  };
  const host = hostAt(context, server.login(), { lease });
  const said: unknown[] = [];
  server.answer = async ({ channel, stdin, command }) => {
    if (command === 'understudy-node hello') return say(channel, '', 127);
    const echo = (await stdin).split('\n').slice(-3).join(' ');
    say(channel, '', 2, `syntax error near ${echo}\n`);
  };
  said.push(await host.observe(terms), await host.startUnits(['bot.service'], 1));
  server.answer = forcedNode(fresh(), ([verb], stdin) =>
    verb === 'arm' ? `refused Broken ${stdin.replaceAll('\n', ' ')}` : undefined,
  );
  server.cut();
  said.push(await host.observe(terms), await host.observe(terms));
  const key = server.clientKey.private.split('\n')[2] ?? '';
  for (const text of [inspect([host, said], { depth: 9 }), server.commands.join('\n')]) {
    assert.doesNotMatch(text, new RegExp(secret));
    assert.ok(!text.includes(key));
  }
});
