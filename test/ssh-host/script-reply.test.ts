import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeLook } from '../../controller/ssh-host/node-look.ts';
import { scriptReply } from '../../controller/ssh-host/script-reply.ts';
import { bootId, shown } from './forced-node.ts';

const ended = (stdout: string, code = 0, stderr = '') =>
  scriptReply({ kind: 'ended', code, stdout, stderr, sentAt: 0, heardAt: 1 });

test('the last line says how it went, and what is before it is the answer', () => {
  assert.deepEqual(ended('understudy-node 2\na\nb c\ndone\n'), { kind: 'done', value: ['a', 'b c'] });
  assert.deepEqual(ended('understudy-node 2\nrefused EpochTooOld epoch 9\n'), {
    kind: 'refused',
    reason: 'EpochTooOld',
    message: 'epoch 9',
  });
  assert.deepEqual(ended('understudy-node 2\nunknown busy\n'), {
    kind: 'unknown',
    reason: 'OutcomeUnknown',
    message: 'busy',
  });
});

for (const text of [
  '',
  '\n',
  'done\n',
  'understudy-node 2\n',
  'understudy-node 2\ndone',
  'understudy-node 2\nrefused Epo',
  'understudy-node 2\ndone\nmore\n',
  'understudy-node 2\ndone\npart',
  'understudy-node 9\ndone\n',
  'understudy-node 2\nDone\n',
  'understudy-node 2\nrefused\n',
  'Welcome to this host\nunderstudy-node 2\ndone\n',
])
  test(`${JSON.stringify(text)} tells nothing`, () => {
    assert.equal(ended(text).kind, 'unknown');
  });

test('an exit code of its own makes it unknown, with what was last said', () => {
  for (const code of [1, 2, 124, 126, 137, 255])
    assert.equal(ended('understudy-node 2\ndone\n', code).kind, 'unknown');
  const reply = ended('', 1, 'first\n\u001b[31mwhy\u0007\n\n');
  assert.ok(reply.kind === 'unknown');
  assert.equal(reply.message, '[31mwhy');
});

const facts = [`boot ${bootId}`, 'uptime 12.34', 'epoch 7', 'disk 99', 'lease carrying-on 12.00 abc'];
const names = ['redis.service', 'bot.service'];
const units = names.flatMap((name, index) => [`unit ${index}`, ...shown(name)]);

test('a look is read whole', () => {
  const look = nodeLook([...facts, ...units], names);
  assert.deepEqual(
    [look?.bootId, look?.uptime, look?.epoch, look?.freeDiskBytes, look?.lease],
    [bootId, 12.34, 7, 99, { state: 'carryingOn', terms: 'abc' }],
  );
  assert.deepEqual([look?.redisUnit?.name, look?.units.length], ['redis.service', 1]);
});

test('a look in which something is missing or odd is none', () => {
  for (const [index] of facts.entries())
    if (index !== 3) assert.equal(nodeLook([...facts.toSpliced(index, 1), ...units], names), undefined);
  for (const odd of ['epoch x', 'epoch -1', 'uptime', 'lease running - -', 'boot ..'])
    assert.equal(nodeLook([...facts, odd, ...units], names), undefined, odd);
  assert.equal(nodeLook([...facts, ...units.slice(0, 12)], names), undefined);
});
