import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** More than any of them takes to see that it was asked for nonsense, on a machine that is busy. */
const limitMs = 30_000;

function run(checker: string, args: readonly string[]): Promise<Ended> {
  const program = join(import.meta.dirname, '..', checker, 'main.ts');
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { timeout: limitMs }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? error?.signal ?? 0, stdout, stderr }),
    );
  });
}

/** What each is asked for, and the word that must be told of. */
const nonsense: readonly (readonly [checker: string, args: readonly string[], told: string])[] = [
  ['chaos', ['--minutes', 'abc'], 'abc'],
  ['chaos', ['--minutes', '0'], '--minutes'],
  ['chaos', ['--seed', '-1'], '--seed'],
  ['crash-points', ['--scenario', 'nosuch'], 'nosuch'],
  ['crash-points', ['--jobs', '0'], '--jobs'],
  ['fields', ['--from-each', 'abc'], 'abc'],
  ['fields', ['stray'], 'stray'],
  ['model', ['--mutant', 'NOSUCH'], 'NOSUCH'],
  ['model', ['--world', '7'], '--world'],
];
const unknown = ['chaos', 'crash-points', 'fields', 'model'].map(
  (checker) => [checker, ['--nosuch', '3'], '--nosuch'] as const,
);

for (const [checker, args, told] of [...nonsense, ...unknown])
  test(`${checker} ${args.join(' ')} checks nothing, says so, and is not ok`, async () => {
    const { code, stdout, stderr } = await run(checker, [...args, '--json']);
    assert.equal(code, 64, stderr);
    const [line = '', ...more] = stdout.trimEnd().split('\n');
    assert.deepEqual(more, []);
    const { ok, error } = JSON.parse(line) as { ok: unknown; error: unknown };
    assert.equal(ok, false);
    assert.match(String(error), new RegExp(told));
    assert.match(stderr, /^npm run /m);
    assert.doesNotMatch(stderr, /^\s+at /m);
  });

test('a choice that leaves nothing to check is not ok', async () => {
  const { code, stdout } = await run('model', ['--no-mutants', '--mutant', 'fence', '--json']);
  assert.notEqual(code, 0);
  assert.equal((JSON.parse(stdout) as { ok: unknown }).ok, false);
});
