import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainPaint } from '../../controller/command-line/paint.ts';
import { isReady } from '../../controller/command-line/render/headline.ts';
import { planText } from '../../controller/command-line/render/plan-text.ts';
import { statusText } from '../../controller/command-line/render/status-text.ts';
import { golden } from './golden.ts';
import { looks } from './looks.ts';

const page = { columns: 80, paint: plainPaint };

for (const [name, look] of Object.entries(looks)) {
  test(`status tells of ${name} as it is written down`, () => {
    assert.equal(statusText(look, page), golden(`status-${name}`));
  });

  test(`plan tells of ${name} as it is written down`, () => {
    assert.equal(planText(look, page), golden(`plan-${name}`));
  });

  test(`${name} fits a terminal of 80 columns and leaves no colour in it`, () => {
    for (const line of [statusText(look, page), planText(look, page)].join('\n').split('\n')) {
      assert.ok(line.length <= 80, line);
      assert.ok(!line.includes('\u001b'), line);
    }
  });
}

test('only a group that is well and looked after is ready', () => {
  const ready = Object.keys(looks).filter((name) => {
    const look = looks[name];
    return look !== undefined && isReady(look);
  });
  assert.deepEqual(ready, ['healthy', 'paused', 'failed-over', 'put-back']);
});
