import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../../controller/redis/connection.ts';
import { Look, takesSeveralNames } from '../../controller/redis/look.ts';

const info = `redis_version:7.0.15\r\nredis_mode:standalone\r\nrun_id:${'a'.repeat(40)}\r\nloading:0\r\nrole:master\r\nmaster_replid:${'b'.repeat(40)}\r\nmaster_repl_offset:5\r\n`;
const config: Readonly<Record<string, string>> = { 'replica-priority': '90', maxmemory: '0', save: '' };
const answerTo = ([command, word, ...names]: readonly (string | number)[]): Answer => {
  if (command === 'info') return { value: info };
  if (command === 'pubsub') return { value: ['__sentinel__:hello', 1] };
  assert.equal(word, 'GET');
  return { value: names.flatMap((name) => (name in config ? [name, config[String(name)]] : [])) };
};
const view = (look: Look, terse: boolean) =>
  look.view(look.commands(terse).map(answerTo), undefined, { passwordAsked: false, password: undefined });

test('both ways to ask give one and the same view, without settings that the server does not know', () => {
  const look = new Look(['maxmemory', 'save', 'replica-ignore-disk-write-errors']);
  const plain = view(look, false);
  assert.deepEqual(view(look, true), plain);
  assert.ok(plain.state === 'answers');
  assert.deepEqual(
    [plain.config, plain.priority, plain.otherAgent],
    [{ maxmemory: '0', save: '' }, 90, true],
  );
});

test('a server before 7.0 is asked for one name at a time', () => {
  assert.equal(takesSeveralNames([{ value: info }]), true);
  assert.equal(takesSeveralNames([{ value: info.replace('7.0.15', '6.2.14') }]), false);
  assert.equal(takesSeveralNames([{ error: 'NOPERM' }]), false);
  const look = new Look(['maxmemory']);
  assert.ok(look.commands(false).every((command) => command[0] !== 'config' || command.length === 3));
  assert.equal(look.commands(true).length, 3);
});
