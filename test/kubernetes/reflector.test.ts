import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ApiFault } from '../../controller/kubernetes/api-fault.ts';
import { Reflector } from '../../controller/kubernetes/reflector.ts';
import { ScriptedApi } from './scripted-api.ts';

function stage(context: TestContext) {
  const api = new ScriptedApi();
  const told: string[] = [];
  const faults: string[] = [];
  const reflector = new Reflector(api.access, {
    path: '/apis/x/v1/things',
    onChange: (key, object) => told.push(`${key} ${object === undefined ? 'gone' : String(object.value)}`),
    onFault: ({ code }) => faults.push(code),
  });
  context.after(() => reflector.stop());
  return { api, told, faults, reflector };
}

test('it lists, and watches from where the list ended', async (context) => {
  const { api, told, reflector } = stage(context);
  api.objects = [api.object('one', 'a'), api.object('two', 'b')];
  assert.equal(reflector.staleMs, undefined);
  await reflector.start();
  assert.deepEqual(told, ['ns/one a', 'ns/two b']);
  await api.until('watch 3');
  api.say('MODIFIED', api.object('one', 'c'));
  api.say('DELETED', api.object('two'));
  assert.deepEqual(told.slice(2), ['ns/one c', 'ns/two gone']);
  assert.deepEqual(reflector.keys(), ['ns/one']);
  assert.ok(Number(reflector.staleMs) >= 0);
});

test('a watch that the server ends goes on from the last it told, a bookmark included, without a list', async (context) => {
  const { api, reflector } = stage(context);
  await reflector.start();
  await api.until('watch 1');
  api.say('ADDED', api.object('one'));
  api.end();
  await api.until('watch 2');
  api.say('BOOKMARK', api.object('', ''));
  api.end();
  await api.until('watch 3');
  assert.equal(api.asked.filter((one) => one.startsWith('list')).length, 1);
  assert.deepEqual(reflector.keys(), ['ns/one']);
});

test('a history that is gone is listed anew: what changed and what went meanwhile is told, and nothing else', async (context) => {
  const { api, told, faults, reflector } = stage(context);
  const kept = api.object('kept', 'same');
  api.objects = [kept, api.object('changed', 'before'), api.object('went', '')];
  await reflector.start();
  await api.until('watch 4');
  told.length = 0;
  api.objects = [kept, api.object('changed', 'after')];
  api.end(new ApiFault('Expired', 'too old resource version'));
  await api.until('list {}', 2);
  await api.until('watch 5');
  assert.deepEqual(told, ['ns/went gone', 'ns/changed after']);
  assert.deepEqual(faults, ['Expired']);
  assert.equal(reflector.restarts, 1);
});

test('it outlasts lists and watches that fail, and what it knows stays', async (context) => {
  const { api, faults, reflector } = stage(context);
  api.objects = [api.object('one')];
  api.faults.push(new ApiFault('Unavailable', 'refused'), new ApiFault('Unknown', 'late'));
  await reflector.start();
  await api.until('watch 2');
  assert.deepEqual(faults, ['Unavailable', 'Unknown']);
  api.faults.push(new ApiFault('Unknown', 'reset'));
  api.end(new ApiFault('Unknown', 'reset'));
  await api.until('watch 2', 3);
  assert.deepEqual(reflector.keys(), ['ns/one']);
});

test('a list that is asked for is begun after that: one that is under way is not taken for it', async (context) => {
  const { api, reflector } = stage(context);
  const first = reflector.start();
  const second = reflector.relist();
  await first;
  api.objects = [api.object('late')];
  await reflector.relist();
  assert.deepEqual(reflector.keys(), ['ns/late']);
  await second;
});

test('what an abandoned watch had still to say is not believed', async (context) => {
  const { api, told, reflector } = stage(context);
  await reflector.start();
  await api.until('watch 1');
  const stale = api.object('one', 'stale');
  const listed = reflector.relist();
  api.say('ADDED', stale);
  await listed;
  assert.deepEqual(told, []);
});
