import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition, Status } from '../../crd/status.ts';
import { newsOf } from '../../reconcilers/news.ts';
import { SimGroup } from '../world/sim-group.ts';
import { endProcess, startProcess } from '../world/sim-redis.ts';

/** Runs the loop in its own rhythm and gives what each record of status has to tell. */
async function story(group: SimGroup, milliseconds: number): Promise<string[]> {
  const lines: string[] = [];
  const until = group.world.now + milliseconds;
  while (group.world.now < until) {
    const before = group.status;
    const result = await group.pass();
    for (const { type, reason } of newsOf(before, group.status)) lines.push(`${type} ${reason}`);
    group.world.advance(result === 'idle' || result === 'failed' ? 50 : 1);
  }
  return lines;
}

const record = {
  kind: 'Failover' as const,
  from: 'a',
  to: 'b',
  epoch: 2,
  cause: 'PrimaryHostDown',
  startTime: '2026-11-23T03:00:00.000Z',
  completionTime: '2026-11-23T03:00:01.000Z',
};

function condition(
  type: Condition['type'],
  status: Condition['status'],
  reason: string,
  message = reason,
): Condition {
  return { type, status, reason, message, observedGeneration: 1, lastTransitionTime: '2026-11-23T03:00:00Z' };
}

test('a failover and the way back tell one story, each fact once', async () => {
  const group = new SimGroup(['a', 'b']);
  await story(group, 5_000);
  endProcess(group.world.get('a'), 'crashed', group.world.now);
  assert.deepEqual(await story(group, 2_000), [
    'Warning PrimaryProcessDead',
    'Warning FailoverStarted',
    'Warning NoReplica',
    'Warning FailedOver',
    'Warning FailoverCompleted',
    'Normal Placed',
  ]);
  startProcess(group.world.get('a'), group.world.now);
  assert.deepEqual(await story(group, 5_000), ['Normal Converged', 'Normal InSync']);
  group.annotations = { 'understudy.dev/failback': String(group.status.epoch) };
  assert.deepEqual(await story(group, 3_000), [
    'Normal FailbackStarted',
    'Normal FailbackCompleted',
    'Normal Converged',
    'Normal WouldSucceed',
  ]);
  assert.deepEqual(await story(group, 20_000), []);
});

test('a change that is given back says why, and when it is tried again', async () => {
  const group = new SimGroup(['a', 'b']);
  await group.settle();
  group.world.refuseStarts.add('b');
  group.edit({ primary: 'b' });
  const lines: string[] = [];
  for (let pass = 0; pass < 20; pass += 1) {
    const before = group.status;
    await group.pass();
    for (const { reason, message } of newsOf(before, group.status)) lines.push(`${reason} ${message}`);
    group.world.advance(50);
  }
  const put = lines.filter((line) => line.startsWith('ChangePutBack'));
  assert.equal(put.length, 1);
  assert.match(
    put[0] ?? '',
    /^ChangePutBack Switchover to b is given back to a: .*no such program\. It is tried again at \d{4}-/,
  );
});

test('what was lost is told with how sure it is, and a failover without loss is no warning', () => {
  const lossy = { ...record, detectSeconds: 5, promoteSeconds: 0.02, lostBytes: 70, lostBytesExact: false };
  assert.deepEqual(newsOf({}, { lastTransition: lossy }), [
    {
      type: 'Warning',
      reason: 'FailoverCompleted',
      message:
        'Failover from a to b is done in epoch 2: detected in 5 s, promoted in 0.02 s, about 70 bytes lost (an estimate).',
    },
  ]);
  const lossless = { ...record, lostBytes: 0, lostBytesExact: true };
  assert.deepEqual(newsOf({}, { lastTransition: lossless })[0]?.type, 'Normal');
});

test('a recount is told once, and the copy with it', () => {
  const known = { ...record, lostBytes: 70, lostBytesExact: false };
  const counted = {
    ...record,
    lostBytes: 42,
    lostBytesExact: true,
    preserved: 'a:/copy',
    preservedBytes: 900,
  };
  const preserved = [
    { node: 'a', path: '/copy', bytes: 900, epoch: 2 },
    { node: 'c', path: '/other', bytes: 5, epoch: 2 },
  ];
  const after = { lastTransition: counted, preserved };
  assert.deepEqual(newsOf({ lastTransition: known }, after), [
    {
      type: 'Warning',
      reason: 'LossRecounted',
      message:
        'Counted again for the Failover from a to b of epoch 2: 42 bytes lost, the old data is kept at a:/copy (900 bytes).',
    },
    {
      type: 'Normal',
      reason: 'DataPreserved',
      message: "c's own data was copied aside: c:/other (5 bytes).",
    },
  ]);
  assert.deepEqual(newsOf(after, after), []);
});

test('a proof of fencing, a promotion by hand and a withdrawn change are told', () => {
  const fence = { node: 'a', proof: 'PoweredOff', epoch: 2, time: record.startTime } as const;
  const adoption = { ...record, kind: 'Adoption' as const };
  const { completionTime: _completed, ...begun } = record;
  const transition = { ...begun, kind: 'Switchover', epoch: 3, fromEpoch: 2, step: 'HandOver' } as const;
  const reasons = (before: Status, after: Status) =>
    newsOf(before, after).map(({ type, reason }) => `${type} ${reason}`);
  assert.deepEqual(reasons({}, { fences: [fence] }), ['Normal NodeFenced']);
  assert.deepEqual(reasons({ fences: [fence] }, { fences: [{ ...fence, time: record.completionTime }] }), []);
  assert.deepEqual(reasons({}, { lastTransition: adoption }), ['Normal AdoptionCompleted']);
  assert.deepEqual(reasons({}, { transition }), ['Normal SwitchoverStarted']);
  assert.deepEqual(reasons({ transition }, { transition: { ...transition, step: 'StartUnits' } }), []);
  assert.deepEqual(reasons({ transition }, {}), ['Normal ChangeWithdrawn']);
  assert.match(
    newsOf({ transition }, { transition: { ...transition, epoch: 4 } })[0]?.message ?? '',
    /is taken over/,
  );
});

test('pausing is told once and is no warning; what is due meanwhile is told when it comes', () => {
  const running = [
    condition('Ready', 'True', 'Converged'),
    condition('PrimaryAsRequested', 'True', 'AsRequested'),
    condition('FailoverReady', 'True', 'WouldSucceed'),
    condition('Paused', 'False', 'NotPaused'),
  ];
  const paused = [
    condition('Ready', 'True', 'Converged'),
    condition('PrimaryAsRequested', 'True', 'AsRequested'),
    condition('FailoverReady', 'False', 'Paused', 'nothing would be done'),
    condition('Paused', 'True', 'Paused', 'left alone'),
  ];
  const due = [condition('Ready', 'False', 'Paused', 'a change is due'), ...paused.slice(1)];
  assert.deepEqual(newsOf({ conditions: running }, { conditions: paused }), [
    { type: 'Normal', reason: 'Paused', message: 'left alone' },
  ]);
  assert.deepEqual(newsOf({ conditions: paused }, { conditions: due }), [
    { type: 'Normal', reason: 'Paused', message: 'a change is due' },
  ]);
});

test('a document that is refused is told again when it has another mistake, and once for all conditions', () => {
  const refused = (message: string): Status => ({
    conditions: [
      condition('Ready', 'False', 'SpecInvalid', message),
      condition('UnitsPlaced', 'Unknown', 'SpecInvalid', message),
    ],
  });
  const first = newsOf({}, refused('primary is no node'));
  assert.deepEqual(first, [{ type: 'Warning', reason: 'SpecInvalid', message: 'primary is no node' }]);
  assert.deepEqual(newsOf(refused('primary is no node'), refused('primary is no node')), []);
  assert.equal(newsOf(refused('primary is no node'), refused('two nodes of one name')).length, 1);
});
