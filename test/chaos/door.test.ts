import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { freePort } from '../redis/free-port.ts';
import { until } from '../redis/until.ts';
import { Door } from './door.ts';

/** Answers everything with itself. */
async function echo(port: number): Promise<Server & { sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(server, { sockets });
}

async function openDoor(t: TestContext): Promise<{ port: number; own: number; door: Door }> {
  const [port, own] = [await freePort(), await freePort()];
  const door = Door.open({ target: port, own }, (address) =>
    address === '127.0.0.11' ? 'node' : 'controller',
  );
  t.after(() => door.close());
  return { port, own, door };
}

/** What came back; connects once the door is open. */
async function caller(t: TestContext, port: number, localAddress: string) {
  const reached = await until('the door to open', async () => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    socket.on('error', () => undefined);
    return Promise.race([
      once(socket, 'connect').then(
        () => socket,
        () => undefined,
      ),
      once(socket, 'close').then(() => undefined),
    ]);
  });
  t.after(() => reached.destroy());
  let heard = '';
  reached.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  return { socket: reached, heard: () => heard };
}

test('what is sent into a cut arrives when it is over, and others do not notice', async (t) => {
  const { port, own, door } = await openDoor(t);
  const server = await echo(port);
  t.after(() => server.close());
  const [node, controller] = [await caller(t, own, '127.0.0.11'), await caller(t, own, '127.0.0.1')];
  door.weather('node', { cut: true });
  node.socket.write('first');
  controller.socket.write('hello');
  await until('the answer past the cut', async () => controller.heard() === 'hello');
  assert.equal(node.heard(), '');
  door.weather('node', { cut: false });
  await until('what the cut kept', async () => node.heard() === 'first');
});

test('what a cut has kept never arrives when its connections are dropped', async (t) => {
  const { port, own, door } = await openDoor(t);
  const server = await echo(port);
  t.after(() => server.close());
  const node = await caller(t, own, '127.0.0.11');
  door.weather('node', { cut: true });
  node.socket.write('lost');
  const gone = new Promise((resolve) => node.socket.once('close', resolve));
  door.drop('node');
  await gone;
  door.weather('node', { cut: false });
  const again = await caller(t, own, '127.0.0.11');
  again.socket.write('new');
  await until('an answer', async () => again.heard() !== '');
  assert.deepEqual([node.heard(), again.heard()], ['', 'new']);
});

test('a connection to a server that is down is refused, and taken when it is back', async (t) => {
  const { port, own } = await openDoor(t);
  const server = await echo(port);
  const first = await caller(t, own, '127.0.0.1');
  const ended = new Promise((resolve) => first.socket.once('close', resolve));
  server.close();
  for (const socket of server.sockets) socket.destroy();
  await ended;
  await until('a refusal', async () => {
    const socket = connect(own, '127.0.0.1');
    const error: unknown = await once(socket, 'connect').then(
      () => undefined,
      (cause: unknown) => cause,
    );
    socket.destroy();
    return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
  });
  const back = await echo(port);
  t.after(() => {
    back.close();
    for (const socket of back.sockets) socket.destroy();
  });
  const second = await caller(t, own, '127.0.0.1');
  second.socket.write('there');
  await until('the answer', async () => second.heard() === 'there');
});
