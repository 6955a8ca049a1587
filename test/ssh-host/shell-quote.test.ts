import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { shellCommand } from '../../controller/ssh-host/shell-quote.ts';

test('a shell gives back every word as it was', () => {
  const word = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', ''));
  const hard = fc.constantFrom(
    '',
    "'",
    "''",
    '"',
    '$(reboot)',
    '`reboot`',
    '\\',
    'a b',
    '*',
    '!1',
    '\n',
    '-n',
    '~',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(word, hard), { minLength: 1, maxLength: 6 }), (words) => {
      const command = `printf '%s\\0' ${shellCommand(words)}`;
      const printed = execFileSync('/bin/sh', ['-c', command]).toString('utf8');
      const bytes = words.map((text) => `${Buffer.from(text).toString('utf8')}\0`);
      assert.equal(printed, bytes.join(''));
    }),
    { numRuns: 60 },
  );
});
