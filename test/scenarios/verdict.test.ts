import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BotRecord, parseBotEvents } from '../lab/bot-log.ts';
import { longestPauseMs } from './longest-pause.ts';
import { type Facts, judge } from './verdict.ts';

/** Ticks every 5 ms from and to these milliseconds, and a stop at the end if told. */
function record(node: string, fromMs: number, toMs: number, isStopped = false, bot = 'equity'): BotRecord {
  const lines = [`${fromMs * 1e6} start 7`];
  for (let at = fromMs; at <= toMs; at += 5) lines.push(`${at * 1e6} tick 7`);
  if (isStopped) lines.push(`${toMs * 1e6} stop 7`);
  return { bot, node, events: parseBotEvents(`${lines.join('\n')}\n`) };
}

const moved = [record('ct100', 0, 1_000, true), record('ct101', 1_100, 5_000)];

const facts = (over: Partial<Facts> = {}): Facts => ({
  ending: { primary: 'ct101' },
  records: moved,
  atMs: 5_010,
  status: {
    currentPrimary: 'ct101',
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'Converged',
        message: 'All is as it should be.',
        observedGeneration: 1,
        lastTransitionTime: '2026-11-22T00:00:00Z',
      },
    ],
  },
  roles: { ct100: 'replica', ct101: 'primary' },
  lostKeys: [],
  checkedWrites: 100,
  writeGapMs: 7.04,
  actions: ['handOver ct101'],
  laterActions: [],
  copies: [],
  endedWatches: [],
  ...over,
});

const change = { kind: 'Failover', to: 'ct101', epoch: 2, cause: 'PrimaryProcessDead' } as const;
const times = { startTime: '2026-11-22T00:00:00Z', completionTime: '2026-11-22T00:00:01Z' };

test('a move as it should be is fine, and its figures are told', () => {
  assert.deepEqual(judge(facts()), {
    ok: true,
    overlapMs: 0,
    lostWrites: 0,
    countedLostBytes: 0,
    unitsGapMs: 100,
    writeGapMs: 7,
    actions: ['handOver ct101'],
    problems: [],
  });
});

test('a bot that ran twice is told with how long', () => {
  const verdict = judge(facts({ records: [record('ct100', 0, 1_000, true), record('ct101', 900, 5_000)] }));
  assert.equal(verdict.ok, false);
  assert.equal(verdict.overlapMs, 100);
  assert.deepEqual(verdict.problems, ['equity ran on ct100 and ct101 at once for 100 ms']);
});

test('a lost write is a fault where none may be lost, and where it was not counted', () => {
  const lostKeys = ['w:0:1'];
  const mayLose = { primary: 'ct101', mayLose: true };
  const counted = {
    ...facts().status,
    history: [
      { ...change, ...times, lostBytes: 12 },
      { ...change, ...times },
    ],
  };
  assert.deepEqual(judge(facts({ lostKeys })).problems, ['1 acknowledged writes were lost (w:0:1 …)']);
  assert.deepEqual(judge(facts({ lostKeys, ending: mayLose })).problems, [
    '1 acknowledged writes were lost (w:0:1 …), and counted as 0 bytes',
  ]);
  const verdict = judge(facts({ lostKeys, ending: mayLose, status: counted }));
  assert.deepEqual(
    [verdict.ok, verdict.lostWrites, verdict.countedLostBytes, verdict.problems],
    [true, 1, 12, []],
  );
  assert.equal(judge(facts({ lostKeys, status: counted })).ok, false);
});

test('the end must be as the scenario says', () => {
  const { problems } = judge(facts({ ending: { primary: 'ct100' } }));
  assert.deepEqual(problems, [
    'ct101 leads instead of ct100',
    'of the Redis servers, ct101 is a primary instead of ct100',
    'equity does not run on ct100',
    'equity runs on ct101',
  ]);
  assert.match(
    judge(facts({ roles: { ct100: 'primary', ct101: 'primary' } })).problems[0] ?? '',
    /ct100 and ct101/,
  );
  assert.match(judge(facts({ status: {} })).problems.join(), /Ready=undefined/);
});

test('a group that must not be ready must say why', () => {
  const ending = { primary: 'ct101', notReady: 'NoReplica' };
  assert.match(judge(facts({ ending })).problems[0] ?? '', /Ready=True Converged.*not NoReplica/);
  const conditions = (facts().status.conditions ?? []).map((one) => ({
    ...one,
    status: 'False' as const,
    reason: 'NoReplica',
  }));
  assert.equal(judge(facts({ ending, status: { ...facts().status, conditions } })).ok, true);
});

test('bots that nobody started, or that were to be nowhere, are told', () => {
  assert.deepEqual(judge(facts({ atMs: 9_000 })).problems, ['equity does not run on ct101']);
  const nowhere = { primary: 'ct101', botsOn: 'nowhere' };
  assert.deepEqual(judge(facts({ ending: nowhere })).problems, ['equity runs on ct101']);
  assert.equal(judge(facts({ ending: nowhere, atMs: 9_000 })).ok, true);
});

test('a copy that is missing, empty or broken is told', () => {
  const ending = { primary: 'ct101', keepsCopy: true };
  const lacking = ['the diverged data was not set aside'];
  assert.deepEqual(judge(facts({ ending })).problems, lacking);
  assert.deepEqual(judge(facts({ ending, copies: [{ path: 'a', keys: 0 }] })).problems, lacking);
  assert.deepEqual(judge(facts({ ending, copies: [{ path: 'a', keys: 3 }] })).problems, []);
  assert.deepEqual(judge(facts({ copies: [{ path: 'a', keys: undefined }] })).problems, [
    'a cannot be loaded',
  ]);
});

test('what goes on when all has settled is told, and so is a run in which nothing was written', () => {
  assert.match(judge(facts({ laterActions: ['record'] })).problems.join(), /went on.*record/);
  assert.match(judge(facts({ checkedWrites: 0 })).problems.join(), /no write/);
});

test('a watch that does not stay is told', () => {
  assert.deepEqual(judge(facts({ endedWatches: ['ct101'] })).problems, [
    'the watch on ct101 ended by itself',
  ]);
});

test('the longest pause is that of the bot that waited longest, over all hosts', () => {
  const crypto = [
    record('ct100', 0, 1_000, true, 'crypto'),
    record('ct101', 1_300, 1_500, true, 'crypto'),
    record('ct100', 1_550, 1_600, false, 'crypto'),
  ];
  assert.equal(longestPauseMs([...moved, ...crypto], 'tick'), 300);
  assert.equal(longestPauseMs([], 'tick'), 0);
});
