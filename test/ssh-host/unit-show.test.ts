import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unitView } from '../../controller/ssh-host/unit-show.ts';
import { shown } from './forced-node.ts';

const view = (changes: Readonly<Record<string, string>>, uptime = 100) =>
  unitView('bot.service', shown('bot.service', changes), uptime);

const down = { ActiveState: 'inactive', SubState: 'dead', MainPID: '0', TasksCurrent: '[not set]' };

for (const [active, changes, state] of [
  ['active', {}, 'running'],
  ['reloading', {}, 'running'],
  ['activating', { SubState: 'auto-restart' }, 'starting'],
  ['deactivating', {}, 'stopping'],
  ['inactive', down, 'stopped'],
  ['failed', down, 'failed'],
  ['maintenance', {}, 'stopping'],
] as const)
  test(`a unit that systemd calls ${active} is ${state}`, () => {
    assert.equal(view({ ...changes, ActiveState: active })?.state, state);
  });

for (const load of ['not-found', 'masked', 'bad-setting', 'error'])
  test(`a unit that is ${load} is unknown when it is down, and told of while it runs`, () => {
    assert.equal(view({ ...down, LoadState: load })?.state, 'unknownUnit');
    assert.equal(view({ LoadState: load })?.state, 'running');
  });

test('a unit that left processes behind is not stopped', () => {
  assert.equal(view({ ...down, TasksCurrent: '2' })?.state, 'stopping');
  assert.equal(view({ ...down, ActiveState: 'failed', TasksCurrent: '1' })?.state, 'stopping');
  assert.equal(view({ ...down, TasksCurrent: '18446744073709551615' })?.state, 'stopped');
  assert.equal(view({ ...down, TasksCurrent: '0' })?.state, 'stopped');
});

test('what starts it at boot and what restarts it is told', () => {
  const boots = ['enabled', 'enabled-runtime', 'linked', 'disabled', 'static', ''].map(
    (state) => view({ UnitFileState: state })?.enabledAtBoot,
  );
  assert.deepEqual(boots, [true, true, false, false, false, false]);
  const restarts = ['no', 'always', 'on-failure'].map(
    (restart) => view({ Restart: restart })?.restartsItself,
  );
  assert.deepEqual(restarts, [false, true, true]);
});

test('how it ended and how long ago is told, but not a time that cannot be', () => {
  const failed = { ...down, ActiveState: 'failed', Result: 'signal', NRestarts: '3' };
  const ended = view({ ...failed, ExecMainExitTimestampMonotonic: '97500000' });
  assert.deepEqual([ended?.result, ended?.restarts, ended?.endedSeconds], ['signal', 3, 2.5]);
  // The uptime of a container that started later than the machine.
  assert.equal(view({ ...failed, ExecMainExitTimestampMonotonic: '970500000' })?.endedSeconds, undefined);
  assert.equal(view({ ExecMainExitTimestampMonotonic: '97500000' })?.endedSeconds, undefined);
  assert.equal(view(failed)?.endedSeconds, undefined);
});

test('the name is the one that was asked for, and half an answer is none', () => {
  assert.equal(unitView('alias.service', shown('other.service'), 1)?.name, 'alias.service');
  assert.equal(unitView('bot.service', ['Id=bot.service', 'LoadState=loaded'], 1), undefined);
  assert.equal(unitView('bot.service', [], 1), undefined);
});
