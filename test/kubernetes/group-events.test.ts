import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ControllerEvent } from '../../controller/controller.ts';
import { GroupEvents } from '../../controller/kubernetes/group-events.ts';
import type { RejectedGroup, StoredGroup } from '../../controller/ports/store.ts';
import { UnderstudyError } from '../../controller/understudy-error.ts';
import type { Action, Outcome } from '../../reconcilers/action.ts';
import { SimGroup } from '../world/sim-group.ts';
import { endProcess } from '../world/sim-redis.ts';

const key = 'prod/sim';

function stage() {
  const lines: string[] = [];
  const groups = { uid: 'u-1' as string | undefined, rejected: '' };
  const recorder = {
    record: (
      ref: { namespace: string; name: string; uid: string },
      news: { reason: string; message: string },
    ) => void lines.push(`${ref.namespace} ${ref.name} ${ref.uid} ${news.reason}: ${news.message}`),
  };
  const events = new GroupEvents(recorder, {
    uid: () => groups.uid,
    get: () => undefined as StoredGroup | undefined,
    rejected: () => ({ problem: groups.rejected }) as RejectedGroup,
  });
  const take = (): string[] => lines.splice(0).map((line) => line.replace('prod sim u-1 ', ''));
  const acted = (action: Action, outcome: Outcome): ControllerEvent => ({
    kind: 'acted',
    key,
    pass: 1,
    action,
    outcome,
    milliseconds: 1,
  });
  return { events, groups, take, acted };
}

const stop: Action = { kind: 'stopUnits', node: 'a', units: ['x.service'], epoch: 2 };
const refused: Outcome = { kind: 'refused', reason: 'UnitsNotProvedStopped', message: 'x does not end' };

test('what is on record is told once, and a restarted controller tells none of it again', async () => {
  const group = new SimGroup(['a', 'b']);
  await group.settle();
  const run = async (told: (event: ControllerEvent) => void): Promise<void> => {
    for (let pass = 0; pass < 20; pass += 1) {
      await group.pass();
      for (const event of group.events) told({ ...event, key, pass });
      group.world.advance(50);
    }
  };
  const { events, take } = stage();
  await run((event) => events.note(event));
  assert.deepEqual(take(), []);
  endProcess(group.world.get('a'), 'crashed', group.world.now);
  await run((event) => events.note(event));
  const reasons = take().map((line) => line.split(':')[0]);
  assert.equal(reasons.filter((reason) => reason === 'FailoverStarted').length, 1);
  assert.equal(reasons.filter((reason) => reason === 'FailoverCompleted').length, 1);
  const second = stage();
  await run((event) => second.events.note(event));
  assert.deepEqual(second.take(), []);
});

test('a write of status that got through without an answer is told at the next look', async () => {
  const group = new SimGroup(['a', 'b']);
  await group.settle();
  const { events, take } = stage();
  await group.pass();
  for (const event of group.events) events.note({ ...event, key, pass: 1 });
  endProcess(group.world.get('a'), 'crashed', group.world.now);
  for (let pass = 2; pass < 30; pass += 1) {
    await group.pass();
    for (const event of group.events)
      if (event.kind === 'acted' && event.action.kind === 'record')
        events.note({
          ...event,
          key,
          pass,
          outcome: { kind: 'unknown', reason: 'OutcomeUnknown', message: 'no answer' },
        });
      else events.note({ ...event, key, pass });
    group.world.advance(50);
  }
  const reasons = take().map((line) => line.split(':')[0]);
  assert.deepEqual(
    reasons.filter((reason) => reason?.startsWith('Failover')),
    ['FailoverStarted', 'FailoverCompleted'],
  );
});

test('an action that keeps failing is told when it begins, and again after it was done', () => {
  const { events, take, acted } = stage();
  const line = 'UnitsNotProvedStopped: stopUnits on a was refused: x does not end';
  for (let times = 0; times < 3; times += 1) events.note(acted(stop, refused));
  assert.deepEqual(take(), [line]);
  events.note(acted(stop, { kind: 'unknown', reason: 'OutcomeUnknown', message: 'no answer' }));
  assert.deepEqual(take(), ['OutcomeUnknown: stopUnits on a has an unknown outcome: no answer']);
  events.note(acted(stop, { kind: 'done' }));
  events.note(acted(stop, refused));
  assert.deepEqual(take(), [line]);
});

test('a deposed leader has nothing to tell', () => {
  const { events, take, acted } = stage();
  events.note(acted(stop, { kind: 'refused', reason: 'NotLeading', message: 'no lease' }));
  events.note(acted({ kind: 'record', status: {} }, { kind: 'refused', reason: 'Conflict', message: '' }));
  assert.deepEqual(take(), []);
});

test('a document that is refused, and a secret that is not there, are told once each', () => {
  const { events, groups, take } = stage();
  groups.rejected = 'spec.primary names no node';
  for (let times = 0; times < 3; times += 1) events.note({ kind: 'problem', key, message: groups.rejected });
  assert.deepEqual(take(), ['SpecInvalid: spec.primary names no node']);
  const cause = new UnderstudyError('SecretUnavailable', 'there is no secret redis-auth');
  for (let times = 0; times < 3; times += 1) events.note({ kind: 'fault', key, cause });
  assert.deepEqual(take(), ['Unconnected: there is no secret redis-auth']);
  events.note({ kind: 'fault', key, cause: new Error('a mistake of ours, with a stack') });
  assert.deepEqual(take(), []);
});

test('a deleted group is still known by its uid, and what was left on its nodes is told', () => {
  const { events, groups, take, acted } = stage();
  events.note(acted(stop, { kind: 'done' }));
  groups.uid = undefined;
  events.note({ kind: 'retired', key, unreached: ['a'] });
  const [line] = take();
  assert.match(line ?? '', /^LeasesLeftBehind: Deleted, but a could not be reached/);
  events.note({ kind: 'retired', key, unreached: ['a'] });
  assert.deepEqual(take(), [], 'of what has no uid nothing can be told');
});
