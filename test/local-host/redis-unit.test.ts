import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../redis/free-port.ts';
import { redisBinary } from '../redis/redis-binary.ts';
import { until } from '../redis/until.ts';
import { UnitFolderStage } from './unit-folder-stage.ts';

async function redis(stage: UnitFolderStage, port: number) {
  const settings = `--port ${port} --bind 127.0.0.1 --save '' --dir ${join(stage.directory, '..')}`;
  await stage.write('redis.service', `ExecStart=${redisBinary()} ${settings}`);
  const host = stage.host();
  assert.deepEqual(await host.startUnits(['redis.service'], 1), { kind: 'done' });
  const socket = await until('it answers', async () => {
    const trial = connect(port, '127.0.0.1');
    const connected = await once(trial, 'connect').catch(() => undefined);
    return connected && trial;
  });
  socket.on('error', () => undefined);
  return { host, socket };
}

/** Not events.once: a reset is an end as well. */
const ended = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

test('whoever saw the connection of a killed Redis end is told of the crash at the first look', async (context) => {
  const stage = await UnitFolderStage.set();
  context.after(() => stage.strike());
  const port = await freePort();
  for (let round = 0; round < 5; round += 1) {
    const { host, socket } = await redis(stage, port);
    const closed = ended(socket);
    process.kill(await stage.pidOf('redis.service'), 'SIGKILL');
    await closed;
    const view = await host.observe();
    assert.ok(view.state === 'answers');
    assert.deepEqual([view.redisUnit?.state, view.redisUnit?.result], ['failed', 'signal']);
    host.close();
  }
});

test('a Redis that was told to stop has stopped with success', async (context) => {
  const stage = await UnitFolderStage.set();
  context.after(() => stage.strike());
  const { host, socket } = await redis(stage, await freePort());
  const closed = ended(socket);
  process.kill(await stage.pidOf('redis.service'), 'SIGTERM');
  await closed;
  const view = await host.observe();
  assert.ok(view.state === 'answers');
  assert.deepEqual([view.redisUnit?.state, view.redisUnit?.result], ['stopped', 'success']);
});

test('a Redis that has written its title over its environment, and lost its supervisor, is stopped', async (context) => {
  const stage = await UnitFolderStage.set();
  context.after(() => stage.strike());
  const { host, socket } = await redis(stage, await freePort());
  process.kill(await stage.pidOf('redis.service', 'supervisor'), 'SIGKILL');
  const closed = ended(socket);
  assert.deepEqual(await host.stopRedis(2), { kind: 'done' });
  await closed;
});
