import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

for (const args of [
  '--seeds abc',
  '--seeds 0',
  '--seeds -1',
  '--seeds',
  '--seeds 2 --hours abc',
  '--seeds 2 --hours 0',
  '--seeds 2 --workers abc',
  '--seeds 2 --seed 1',
  '--seed abc',
  '--from 3',
  '--sedes 3',
  'stray',
])
  test(`simulate ${args}: it makes no sense, nothing is checked, and that is not ok`, () => {
    const run = spawnSync(process.execPath, [main, ...args.split(' '), '--json'], { encoding: 'utf8' });
    assert.equal(run.status, 64, run.stderr);
    const { ok, error } = JSON.parse(run.stdout) as { ok: boolean; error: string };
    assert.equal(ok, false);
    assert.ok(run.stderr.startsWith(error));
    assert.match(run.stderr, /npm run simulate --/);
    assert.doesNotMatch(run.stderr, /\n {4}at /, 'a stack trace');
  });

test('simulate --seeds 2 --json: the figures of two seeds', () => {
  const args = [main, '--seeds', '2', '--hours', '1', '--json'];
  const run = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  const { ok, seeds } = JSON.parse(run.stdout) as { ok: boolean; seeds: number };
  assert.deepEqual({ ok, seeds }, { ok: true, seeds: 2 });
});
