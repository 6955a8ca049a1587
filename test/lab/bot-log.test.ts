import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  ackedKeys,
  type BotRecord,
  overlapMs,
  overlapsOf,
  parseBotEvents,
  readBotRecords,
  runsOf,
  unitsGapMs,
  writeGapMs,
} from './bot-log.ts';

/** `100 start 1` is a line at 100 ms. */
const log = (...lines: string[]): string =>
  lines.map((line) => `${line.replace(/^(\d+)/, '$1000000')}\n`).join('');

const record = (bot: string, node: string, ...lines: string[]): BotRecord => ({
  bot,
  node,
  events: parseBotEvents(log(...lines)),
});

test('a line cut short by a power loss is left out', () => {
  assert.deepEqual(parseBotEvents('5000000 start 9\n6500000 tick 9\n70000'), [
    { kind: 'start', atMs: 5, detail: '9' },
    { kind: 'tick', atMs: 6.5, detail: '9' },
  ]);
});

test('a line of another kind is an error', () => {
  assert.throws(() => parseBotEvents('5000000 began 9\n'), /not a line/);
  assert.throws(() => parseBotEvents('now start 9\n'), /not a line/);
});

test('a run lasts from the start to the stop, and past the last sign of life if there was none', () => {
  const events = [
    '100 start 1',
    '105 tick 1',
    '110 stop 1',
    '200 start 2',
    '205 tick 2',
    '300 start 3',
    '305 tick 3',
  ];
  assert.deepEqual(
    runsOf(record('equity', 'n27', ...events)).map(({ fromMs, toMs, isStopped }) => [
      fromMs,
      toMs,
      isStopped,
    ]),
    [
      [100, 110, true],
      [200, 210, false],
      [300, 310, false],
    ],
  );
});

test('a bot does not run while it is frozen, and runs again when it gives a sign of life after that', () => {
  const frozen = record('equity', 'n27', '100 start 1', '105 tick 1', '5000 tick 1');
  assert.deepEqual(
    runsOf(frozen).map(({ fromMs, toMs }) => [fromMs, toMs]),
    [
      [100, 110],
      [5000, 5005],
    ],
  );
  const elsewhere = record('equity', 'n28', '3000 start 2', '3900 tick 2', '4800 tick 2', '5500 tick 2');
  assert.equal(overlapMs([frozen, elsewhere]), 5);
});

test('one bot on two hosts at once is an overlap, and two bots on two hosts are none', () => {
  const old = record('equity', 'n27', '100 start 1', '150 tick 1', '200 stop 1');
  const early = record('equity', 'n28', '180 start 1', '400 tick 1');
  const other = record('crypto', 'n28', '100 start 1', '400 tick 1');
  assert.deepEqual(overlapsOf([old, early, other]), [
    { bot: 'equity', nodes: ['n27', 'n28'], fromMs: 180, toMs: 200 },
  ]);
  assert.equal(overlapMs([old, early, other]), 20);
  assert.equal(overlapMs([old, record('equity', 'n28', '200 start 1', '400 tick 1'), other]), 0);
});

test('a bot that was killed and restarted at once on its host does not overlap itself', () => {
  const killed = record('equity', 'n27', '100 start 1', '198 tick 1', '200 start 2', '205 tick 2');
  assert.deepEqual(overlapsOf([killed]), []);
});

test('the gap of a move is that of the slowest bot, and unknown until all have arrived', () => {
  const left = [
    record('equity', 'n27', '100 start 1', '101 acked a', '150 tick 1', '160 stop 1'),
    record('crypto', 'n27', '100 start 1', '101 acked b', '140 tick 1', '160 stop 1'),
  ];
  const arrived = [
    record(
      'equity',
      'n28',
      '10 start 1',
      '11 tick 1',
      '20 stop 1',
      '300 start 2',
      '301 tick 2',
      '305 acked c',
    ),
    record('crypto', 'n28', '300 start 2', '302 tick 2', '309 acked d'),
  ];
  const move = { from: 'n27', to: 'n28', sinceMs: 130 };
  assert.equal(unitsGapMs([...left, ...arrived], move), 162);
  assert.equal(writeGapMs([...left, ...arrived], move), 208);
  assert.equal(unitsGapMs([...left, ...arrived.slice(0, 1)], move), undefined);
  assert.deepEqual(ackedKeys([...left, ...arrived]), ['a', 'b', 'c', 'd']);
});

test('records are read from the disks of hosts, and a bot that never ran has none', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bot-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'n27/var/lib/quantshift'), { recursive: true });
  writeFileSync(join(folder, 'n27/var/lib/quantshift/equity.log'), log('1 start 7'));
  const records = readBotRecords({ disk: (node) => join(folder, node) }, ['n27', 'n28'], ['equity']);
  assert.deepEqual(records, [
    { bot: 'equity', node: 'n27', events: [{ kind: 'start', atMs: 1, detail: '7' }] },
    { bot: 'equity', node: 'n28', events: [] },
  ]);
});
