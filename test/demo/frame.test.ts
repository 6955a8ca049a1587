import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { frame, frameColumns, frameLines } from './frame.ts';
import { resultLines } from './result-lines.ts';
import type { Scene } from './scene.ts';
import { sparkline } from './sparkline.ts';
import type { StepResult } from './step-result.ts';
import { faultsOf } from './step-result.ts';

const result: StepResult = {
  name: 'switchover',
  writeGapMs: 12.34,
  ackedWrites: 123_456,
  lostWrites: 0,
  unitsGapMs: 1_234.5,
  overlapMs: 0,
  told: { detectMs: 1_234, promoteMs: 1_234, unitsMs: 1_234 },
};
const lossy: StepResult = { ...result, name: 'failover', lostWrites: 120 };
const rejoined: StepResult = {
  ...result,
  name: 'rejoin',
  keptWrites: 120,
  countedLostBytes: 12_345,
  preserved: 'ct101:/tmp/folder/preserved.rdb',
};

const scene: Scene = {
  elapsedMs: 12_345,
  steps: [
    { name: 'converge', state: 'done' },
    { name: 'switchover', state: 'now' },
    { name: 'failover', state: 'todo' },
  ],
  says: 'word '.repeat(90).trim(),
  status: {
    nodes: [
      { name: 'ct100', role: 'primary', reachable: true },
      { name: 'ct101', role: 'replica', reachable: true, linkStatus: 'syncing' },
    ],
  },
  nodes: [
    { name: 'ct100', port: 40_000, working: ['equity-bot'] },
    { name: 'ct101', port: 40_001, working: [] },
  ],
  bots: ['equity-bot', 'crypto-bot'],
  rates: Array.from({ length: 100 }, (_, index) => index),
  ackedWrites: 1_234_567,
  events: Array.from({ length: 50 }, (_, index) => ({
    elapsedMs: index * 1_000,
    by: 'understudy' as const,
    text: `event ${index} ${'x'.repeat(100)}`,
  })),
  results: [result],
};

test('a picture fits 80x24 however much there is to tell, and always has the same height', () => {
  const empty: Scene = {
    ...scene,
    says: '',
    status: {},
    rates: [],
    events: [],
    results: [],
    nodes: scene.nodes,
  };
  for (const shown of [scene, empty]) {
    const lines = frame(shown).map((line) => stripVTControlCharacters(line));
    assert.equal(lines.length, frameLines);
    for (const line of lines) assert.ok([...line].length <= frameColumns, `${[...line].length}: ${line}`);
  }
});

test('a picture shows roles as the group tells them and bots as their own records do', () => {
  const text = frame(scene).map((line) => stripVTControlCharacters(line));
  assert.ok(text.some((line) => /ct100 .*PRIMARY .*● runs .*○ stopped/.test(line)));
  assert.ok(text.some((line) => /ct101 .*replica .*link syncing .*○ stopped .*○ stopped/.test(line)));
  assert.ok(text.at(-1)?.includes('event 49'));
  const dead = frame({ ...scene, status: { nodes: [{ name: 'ct100', role: 'primary', reachable: false }] } });
  assert.ok(!dead.some((line) => line.includes('replica')));
});

test('a moment without any write is a hole in the sparkline', () => {
  assert.equal(sparkline([8, 0, 4, 1]), '█ ▄▁');
});

test('the table of results fits 80 columns', () => {
  for (const line of resultLines([result, lossy, rejoined], false))
    assert.ok([...line].length <= 80, `${[...line].length}: ${line}`);
});

test('results as promised have no fault: what a crash lost may be lost, when all of it was kept and counted', () => {
  assert.deepEqual(faultsOf([result, lossy, rejoined]), []);
});

test('each broken promise is a fault', () => {
  const broken: StepResult[][] = [
    [{ ...result, lostWrites: 1 }],
    [{ ...result, name: 'rejoin', lostWrites: 1 }],
    [{ ...lossy, overlapMs: 0.01 }],
    [lossy, { ...rejoined, keptWrites: 119 }],
    [lossy, { ...rejoined, countedLostBytes: 0 }],
  ];
  for (const results of broken) assert.equal(faultsOf(results).length, 1, JSON.stringify(results));
});
