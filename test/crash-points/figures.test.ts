import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figuresOf } from './figures.ts';
import { markdownOf } from './markdown.ts';
import { failed, type Place, type TableRow } from './table-row.ts';

const place = (effect: string, index: number): Place => ({
  scenario: 'failover',
  disturbance: 'killed',
  effect,
  index,
});
const good = (index: number): TableRow => ({
  ...failed(place(`redis b ${index}`, index), ''),
  differences: [],
});
const rows = Array.from({ length: 19 }, (_, index) => good(index));
const lost = place('store writeStatus (what is seen)', 20);

test('an effect that did not come about again is counted among the effects, named, and not among those killed', () => {
  const { ok, effects, killed, notComeAboutAgain, notAgain, scenarios } = figuresOf(rows, [lost]);
  assert.deepEqual([ok, effects, killed, notComeAboutAgain], [true, 20, 19, 1]);
  assert.match(notAgain.join(), /^failover: store writeStatus \(what is seen\): killed/);
  assert.equal(scenarios.failover?.notComeAboutAgain, 1);
  const page = markdownOf(rows, [lost]);
  assert.match(page, /^1 of 20 /m);
  assert.match(page, /\| failover \| `store writeStatus \(what is seen\)` \| 1 \| not come about again \|/);
});

test('many that did not come about again, something that differs, and nothing at all are not ok', () => {
  assert.equal(figuresOf(rows, [lost, { ...lost, index: 21 }]).ok, false);
  assert.equal(figuresOf([...rows, failed(place('redis b promote', 20), 'another end')], []).ok, false);
  assert.equal(figuresOf([], []).ok, false);
});
