import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

/** What makes no sense to each checker, and what is said of it. simulate has a test of its own. */
const senseless: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['model', ['--mutant', 'NOSUCH'], /no name of a mutant has "NOSUCH"/],
  ['model', ['--world', '7'], /--world: there is no "7"/],
  ['model', ['--nope'], /--nope/],
  ['fields', ['--from-each', 'some'], /--from-each: a whole number is needed, not "some"/],
  ['crash-points', ['--scenario', 'nix'], /--scenario: there is no "nix"/],
  ['crash-points', ['--jobs', '0'], /--jobs: 0 is not between/],
  ['chaos', ['--minutes', 'abc'], /--minutes: a number is needed, not "abc"/],
  ['chaos', ['--seed', '1.5'], /--seed: a whole number is needed/],
];

interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

function run(checker: string, args: readonly string[]): Promise<Ended> {
  const main = join(import.meta.dirname, '..', checker, 'main.ts');
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args, '--json'], (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

for (const [checker, args, says] of senseless)
  test(`${checker} ${args.join(' ')} checks nothing and says why, in one document`, async () => {
    const { code, stdout, stderr } = await run(checker, args);
    assert.equal(code, 64);
    assert.match(stderr, says);
    assert.match(stderr, /Exit codes/);
    const told = JSON.parse(stdout) as { ok: boolean; error: string };
    assert.equal(told.ok, false);
    assert.match(told.error, says);
  });
