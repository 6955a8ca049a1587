import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  acceptDataOfAnnotation,
  annotationFaults,
  confirmFencedAnnotation,
  failbackAnnotation,
  formatNodeAtEpoch,
  parseFailbackEpoch,
  parseNodeAtEpoch,
  servicesAnnotation,
} from '../../crd/annotations.ts';

test('the annotations are called as the documents have them', () => {
  assert.equal(failbackAnnotation, 'understudy.dev/failback');
  assert.equal(confirmFencedAnnotation, 'understudy.dev/confirm-fenced');
  assert.equal(acceptDataOfAnnotation, 'understudy.dev/accept-data-of');
  assert.equal(servicesAnnotation, 'understudy.dev/services');
});

test('the Services of a group are on or off', () => {
  for (const value of ['on', 'off'])
    assert.deepEqual(annotationFaults({ [servicesAnnotation]: value }, []), []);
  const [fault] = annotationFaults({ [servicesAnnotation]: 'no' }, []);
  assert.match(fault?.message ?? '', /must be "off" or "on", but is "no"/);
});

test('a failback names its epoch in digits and nothing else', () => {
  assert.deepEqual(parseFailbackEpoch('7'), { ok: true, value: 7 });
  assert.deepEqual(parseFailbackEpoch('0'), { ok: true, value: 0 });
  for (const wrong of [
    '',
    ' 7',
    '7 ',
    '-1',
    '+1',
    '1.5',
    '1e3',
    '0x7',
    '07',
    'seven',
    'true',
    '99999999999999999999',
  ]) {
    const parsed = parseFailbackEpoch(wrong);
    assert.ok(!parsed.ok, wrong);
    assert.match(parsed.problem, /must be the epoch that status shows/);
  }
});

test('an oath and an answer name a node and an epoch', () => {
  assert.deepEqual(parseNodeAtEpoch('ct100@7'), { ok: true, value: { node: 'ct100', epoch: 7 } });
  assert.equal(formatNodeAtEpoch({ node: 'ct100', epoch: 7 }), 'ct100@7');
  for (const wrong of [
    '',
    'ct100',
    '@7',
    'ct100@',
    'ct100@x',
    'CT100@7',
    'a@b@7',
    'ct100 @7',
    'ct100@-7',
    '7@',
  ]) {
    const parsed = parseNodeAtEpoch(wrong);
    assert.ok(!parsed.ok, wrong);
    assert.match(parsed.problem, /a node and the epoch/);
  }
});
