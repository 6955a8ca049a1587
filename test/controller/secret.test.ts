import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import { Secret } from '../../controller/secret.ts';

test('a secret shows itself only when it is asked to', () => {
  const secret = new Secret('hunter2');
  const holder = { secret, error: new Error(`with ${secret}`) };
  const shown = [
    inspect(holder, { showHidden: true, depth: 9 }),
    JSON.stringify(holder),
    format('%s %o', secret, secret),
  ];
  assert.ok(!shown.join().includes('hunter2'));
  assert.equal(secret.reveal(), 'hunter2');
});

test('a secret is taken out of a text that somebody else wrote', () => {
  assert.equal(new Secret('a.b').redact('AUTH a.b axb a.b'), 'AUTH [redacted] axb [redacted]');
  assert.equal(new Secret('').redact('text'), 'text');
});
