import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { reapOnExit } from '../redis/reap-on-exit.ts';
import { startPair } from '../redis/redis-pair.ts';
import { RedisServer } from '../redis/redis-server.ts';
import { until } from '../redis/until.ts';
import { readBotRuns } from './bot-record.ts';
import type { BotSettings } from './bot-settings.ts';
import { countKept, missingKeys } from './missing-keys.ts';

interface Bot {
  readonly child: ChildProcess;
  readonly records: string;
}

function startBot(t: TestContext, servers: readonly RedisServer[]): Bot {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-bot-'));
  const settings: BotSettings = {
    bot: 'equity',
    node: 'a',
    endpoints: servers.map(({ host, port }) => ({ host, port })),
    passwordFile: join(folder, 'password'),
    records: folder,
  };
  writeFileSync(settings.passwordFile, `${servers[0]?.password ?? ''}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'bot.json'), JSON.stringify(settings));
  const arguments_ = [join(import.meta.dirname, 'bot.ts'), join(folder, 'bot.json')];
  const child = spawn(process.execPath, arguments_, { stdio: 'inherit' });
  reapOnExit(child);
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  });
  return { child, records: folder };
}

function acksOf({ records }: Bot): readonly number[] {
  return readBotRuns(records)[0]?.acks ?? [];
}

test('what a bot did is on record though it was killed, from the start of its process on', async (t) => {
  const server = await RedisServer.start();
  t.after(() => server.stop());
  const before = Number(process.hrtime.bigint()) / 1e6;
  const bot = startBot(t, [server]);
  await until('writes', async () => acksOf(bot).length > 5);
  bot.child.kill('SIGKILL');
  await once(bot.child, 'exit');
  const [run] = readBotRuns(bot.records);
  assert.ok(run !== undefined && run.pid === bot.child.pid);
  assert.ok(before < run.start && run.start < (run.ticks[0] ?? 0) && run.ticks.length > 5);
  assert.equal(run.last, Math.max(run.ticks.at(-1) ?? 0, run.acks.at(-1) ?? 0));
});

test('a bot finds the primary among its endpoints, and finds the next one after a move', async (t) => {
  const { primary, replica, stop } = await startPair();
  t.after(stop);
  const bot = startBot(t, [replica, primary]);
  await until('writes', async () => acksOf(bot).length > 5);
  const [old, next] = await Promise.all([primary.admin(), replica.admin()]);
  await old.call('REPLICAOF', replica.host, String(replica.port));
  await next.call('REPLICAOF', 'NO', 'ONE');
  const moved = acksOf(bot).length;
  await until('writes to the new primary', async () => acksOf(bot).length > moved + 5);
  assert.match((await next.get('bot:equity')) ?? '', /^a \d+$/);
});

test('a bot whose record is gone ends by itself', async (t) => {
  const server = await RedisServer.start();
  t.after(() => server.stop());
  const bot = startBot(t, [server]);
  await until('writes', async () => acksOf(bot).length > 1);
  rmSync(bot.records, { recursive: true });
  const [code] = await once(bot.child, 'exit');
  assert.equal(code, 0);
});

test('keys are asked for one by one, in the server and in a copy of its data', async (t) => {
  const server = await RedisServer.start();
  t.after(() => server.stop());
  const admin = await server.admin();
  const keys = Array.from({ length: 2_500 }, (_, index) => `w:0:${index}`);
  await admin.mset(Object.fromEntries(keys.map((key) => [key, '1'])));
  await admin.del('w:0:7', 'w:0:2400');
  assert.deepEqual(await missingKeys(keys, server.address), ['w:0:7', 'w:0:2400']);
  await admin.save();
  assert.equal(await countKept(keys, join(server.directory, 'dump.rdb')), 2_498);
});
