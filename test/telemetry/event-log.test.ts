import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Look } from '../../controller/command-line/look.ts';
import { EventLog } from '../../controller/telemetry/event-log.ts';
import type { Log, LogFields } from '../../controller/telemetry/log.ts';
import { UnderstudyError } from '../../controller/understudy-error.ts';
import { lookAt } from '../command-line/look-fixture.ts';
import { looks } from '../command-line/looks.ts';

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

function kept(): { lines: Line[]; log: Log } {
  const lines: Line[] = [];
  const log: Log = {
    write: (level, message, fields = {}) => void lines.push({ level, message, fields }),
    keeps: () => true,
    flush: () => undefined,
  };
  return { lines, log };
}

const decided = ({ decision, situation }: Look, pass: number) =>
  ({ kind: 'decided', key: 'g', pass, decision, situation }) as const;

test('in steady state nothing is above debug', () => {
  const { lines, log } = kept();
  const events = new EventLog(log, 'p');
  for (let pass = 1; pass <= 5; pass += 1) events.note(decided(lookAt(), pass));
  const told = lines.filter(({ level }) => level !== 'debug');
  assert.deepEqual(
    told.map(({ message, fields }) => [message, fields.reason, fields.reconcileId]),
    [['primary analysis changed', 'PrimaryAlive', 'p-1']],
  );
});

test('what stands in the way is told once, and once more when it is gone', () => {
  const { lines, log } = kept();
  const events = new EventLog(log, 'p');
  const { blocked, healthy } = looks;
  assert.ok(blocked !== undefined && healthy !== undefined);
  for (const [index, look] of [healthy, blocked, blocked, healthy].entries())
    events.note(decided(look, index + 1));
  const told = lines
    .filter(({ level }) => level !== 'debug')
    .map(({ level, message }) => `${level} ${message}`);
  assert.deepEqual(told, [
    'info primary analysis changed',
    'info primary analysis changed',
    'warn blocked',
    'info primary analysis changed',
    'info no longer blocked',
  ]);
});

test('an action is info when done and warn otherwise, and its settings stay out', () => {
  const { lines, log } = kept();
  const events = new EventLog(log, 'p');
  const set = { settings: { x: 'hidden-value' }, replicationLogin: false };
  const action = { kind: 'applyConfig', node: 'a', ...set, epoch: 7 } as const;
  events.note({ kind: 'acted', key: 'g', pass: 1, action, outcome: { kind: 'done' }, milliseconds: 1.26 });
  const outcome = { kind: 'unknown', reason: 'OutcomeUnknown', message: 'no answer' } as const;
  events.note({ kind: 'acted', key: 'g', pass: 1, action, outcome, milliseconds: 500 });
  const common = { group: 'g', reconcileId: 'p-1', action: 'applyConfig', node: 'a', epoch: 7 };
  assert.deepEqual(lines, [
    { level: 'info', message: 'acted', fields: { ...common, outcome: 'done', ms: 1.3 } },
    {
      level: 'warn',
      message: 'acted',
      fields: { ...common, outcome: 'unknown', ms: 500, reason: 'OutcomeUnknown', detail: 'no answer' },
    },
  ]);
});

test('a fault that goes on is an error once', () => {
  const { lines, log } = kept();
  const events = new EventLog(log, 'p');
  const cause = new UnderstudyError('SecretUnavailable', 'the password file cannot be read');
  for (let times = 0; times < 3; times += 1) events.note({ kind: 'fault', key: 'g', cause });
  assert.deepEqual(
    lines.map(({ level }) => level),
    ['error', 'debug', 'debug'],
  );
});
