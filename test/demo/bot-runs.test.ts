import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BotRun, parseBotRun } from './bot-record.ts';
import { allWorkOn, overlapMs, ownStartMs, unitsGap } from './bot-runs.ts';

const always = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };

function run(node: string, start: number, last: number, bot = 'equity'): BotRun {
  const ticks = Array.from(
    { length: Math.floor((last - start) / 10) },
    (_, index) => start + 10 * (index + 1),
  );
  return { bot, node, pid: start, start, ticks, acks: ticks, last };
}

test('a bot that starts on one node before it ended on the other overlaps by just that time', () => {
  const runs = [run('a', 0, 1_000), run('b', 970, 2_000)];
  assert.equal(overlapMs(runs, always), 30);
  assert.equal(overlapMs([run('a', 0, 1_000), run('b', 1_000, 2_000)], always), 0);
});

test('two bots on two nodes at once are no overlap, but two of either are, and they add up', () => {
  assert.equal(overlapMs([run('a', 0, 1_000, 'equity'), run('b', 0, 1_000, 'crypto')], always), 0);
  const twice = [run('a', 0, 1_000, 'equity'), run('b', 900, 2_000, 'equity')];
  const thrice = [
    run('a', 0, 1_000, 'crypto'),
    run('b', 800, 2_000, 'crypto'),
    run('c', 850, 1_900, 'crypto'),
  ];
  // Three at once are not counted twice: 800 to 1000, and 1000 to 1900 on b and c.
  assert.equal(overlapMs([...twice, ...thrice], always), 100 + 1_100);
});

test('a second process on the same node is an overlap too', () => {
  assert.equal(overlapMs([run('a', 0, 1_000), run('a', 500, 600)], always), 100);
});

test('an overlap counts from the start of the process, though it has not worked yet', () => {
  const starting: BotRun = { ...run('b', 950, 2_000), ticks: [1_050] };
  assert.equal(overlapMs([run('a', 0, 1_000), starting], always), 50);
});

test('only the part of an overlap inside the window counts', () => {
  const runs = [run('a', 0, 1_000), run('b', 900, 2_000)];
  assert.equal(overlapMs(runs, { from: 950, to: 1_500 }), 50);
  assert.equal(overlapMs(runs, { from: 1_000, to: 1_500 }), 0);
});

test('the gap of a bot that moved is from its last tick there to its first tick here, of the worst bot', () => {
  const runs = [
    run('a', 0, 1_000, 'equity'),
    run('b', 1_200, 2_000, 'equity'),
    run('a', 0, 1_000, 'crypto'),
    run('b', 1_300, 2_000, 'crypto'),
  ];
  assert.equal(unitsGap(runs, { from: 500, to: 1_900 }).gapMs, 310);
  assert.equal(unitsGap(runs, { from: 1_400, to: 1_900 }).gapMs, 10);
});

test('a bot that never came back has a gap up to the end of the window, and it is open', () => {
  const gap = unitsGap([run('a', 0, 1_000)], { from: 500, to: 3_000 });
  assert.deepEqual([gap.gapMs, gap.open], [2_000, true]);
});

test('what a program needed to begin is told of the slowest that began within the window', () => {
  const slow: BotRun = { ...run('b', 1_200, 2_000), ticks: [1_450, 1_460] };
  const runs = [run('a', 0, 1_000), slow, { ...slow, start: 3_000, ticks: [] }];
  assert.equal(ownStartMs(runs, { from: 500, to: 1_900 }), 250);
  assert.equal(ownStartMs(runs, { from: 1_300, to: 1_900 }), undefined);
});

test('a bot works on a node only when a write was acknowledged there since', () => {
  const runs = [run('a', 0, 1_000, 'equity'), run('a', 0, 900, 'crypto')];
  assert.ok(allWorkOn(runs, ['equity', 'crypto'], { node: 'a', since: 800 }));
  assert.ok(!allWorkOn(runs, ['equity', 'crypto'], { node: 'a', since: 950 }));
  assert.ok(!allWorkOn(runs, ['equity'], { node: 'b', since: 0 }));
});

test('of a record that a SIGKILL cut off in mid-line, the whole lines count', () => {
  const who = { bot: 'equity', node: 'a', pid: 7 };
  const found = parseBotRun('start 100.000\ntick 110.500\nack 111.250\ntick 12', who);
  assert.deepEqual(found, { ...who, start: 100, ticks: [110.5], acks: [111.25], last: 111.25 });
  assert.equal(parseBotRun('', who), undefined);
});
