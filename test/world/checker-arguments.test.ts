import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decimalNumber, oneOf, optionsOf, UsageError, wholeNumber } from './checker-arguments.ts';

const bounds = { least: 1, most: 100 };

test('a whole number is digits within its bounds, and nothing else', () => {
  assert.equal(wholeNumber('--seeds', '7', bounds), 7);
  for (const text of ['abc', '', ' 7', '7x', '-1', '1.5', '1e3', '0x10', 'NaN', 'Infinity', '0', '101'])
    assert.throws(() => wholeNumber('--seeds', text, bounds), UsageError, text);
  assert.throws(() => wholeNumber('--seeds', 'abc', bounds), /--seeds: .*"abc"/);
});

test('a decimal number may have a fraction', () => {
  assert.equal(decimalNumber('--hours', '1.5', bounds), 1.5);
  for (const text of ['abc', '', '.', '1.', '1,5', '-1', '0.5', '100.1'])
    assert.throws(() => decimalNumber('--hours', text, bounds), UsageError, text);
});

test('a word is one of those that are known', () => {
  assert.equal(oneOf('--world', 'two', ['one', 'two']), 'two');
  assert.throws(() => oneOf('--world', 'tw', ['one', 'two']), /--world: .*"tw".*one, two/);
});

test('an option that nobody knows, one without its value and a stray word are told', () => {
  const options = { seeds: { type: 'string' }, json: { type: 'boolean' } } as const;
  assert.deepEqual({ ...optionsOf(options, ['--seeds', '3', '--json']) }, { seeds: '3', json: true });
  for (const args of [['--sedes', '3'], ['--seeds'], ['3'], ['--json=yes']])
    assert.throws(() => optionsOf(options, args), UsageError, args.join(' '));
});
