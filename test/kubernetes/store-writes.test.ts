import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ApiFault } from '../../controller/kubernetes/api-fault.ts';
import type { ApiCall, KubeObject } from '../../controller/kubernetes/kube-access.ts';
import { KubernetesStore } from '../../controller/kubernetes/kubernetes-store.ts';
import type { Status } from '../../crd/status.ts';
import { group } from '../conformance/store.suite.ts';
import { ScriptedApi } from './scripted-api.ts';

const key = 'ns/one';

async function stage(context: TestContext) {
  const api = new ScriptedApi();
  const state = { primary: 'a', status: {} as Status, uid: 'u1', more: {} };
  const object = (): KubeObject => {
    const { metadata } = api.object('one');
    const { spec, ...rest } = group('one', state.primary);
    const { uid, more, status } = state;
    return { ...rest, metadata: { ...metadata, uid, generation: 1, ...more }, spec, status };
  };
  api.objects = [object()];
  const changes: string[] = [];
  const store = new KubernetesStore(api.access, 'ns');
  context.after(() => store.close());
  await store.start((changed) => changes.push(changed));
  await api.until(`watch ${api.version}`);
  /** A write of status that the server takes: the object as it is then. */
  const take = (call: ApiCall): KubeObject => {
    state.status = (call.body as { status: Status }).status;
    return object();
  };
  const write = (epoch: number) => store.writeStatus(key, { epoch }, store.get(key)?.version ?? '');
  return { api, state, object, changes, store, take, write };
}

test('what was written is known at once, and its own event is no news', async (context) => {
  const { api, changes, store, take, write } = await stage(context);
  let written: KubeObject | undefined;
  api.answer = async (call) => {
    written = take(call);
    return written;
  };
  assert.deepEqual(await write(5), { kind: 'done' });
  assert.equal(store.get(key)?.status.epoch, 5);
  assert.equal(store.get(key)?.version, written?.metadata.resourceVersion);
  assert.ok(written !== undefined);
  api.say('MODIFIED', written);
  assert.deepEqual(changes, []);
});

test('what the watch tells late, from before our write, does not set the clock back', async (context) => {
  const { api, object, state, store, take, write } = await stage(context);
  const older = object();
  api.answer = async (call) => take(call);
  await write(5);
  api.say('MODIFIED', older);
  assert.equal(store.get(key)?.status.epoch, 5);
  const written = store.get(key)?.version ?? '';
  api.say('MODIFIED', { ...object(), metadata: { ...object().metadata, resourceVersion: written } });
  state.primary = 'b';
  api.say('MODIFIED', object());
  assert.equal(store.get(key)?.group.spec.primary, 'b');
});

test('an answer that comes after the watch has told of something newer is not taken for the newest', async (context) => {
  const { api, object, state, store, take, write } = await stage(context);
  api.answer = async (call) => {
    const written = take(call);
    api.say('MODIFIED', written);
    state.primary = 'b';
    api.say('MODIFIED', object());
    return written;
  };
  await write(5);
  assert.equal(store.get(key)?.group.spec.primary, 'b');
  // Nothing is waited for: the next change is seen.
  state.primary = 'a';
  api.say('MODIFIED', object());
  assert.equal(store.get(key)?.group.spec.primary, 'a');
});

test('an answer that a list overtook is settled by a fresh list', async (context) => {
  const { api, object, state, store, take, write } = await stage(context);
  api.answer = async (call) => {
    const written = take(call);
    state.primary = 'b';
    api.objects = [object()];
    api.end(new ApiFault('Expired', 'gone'));
    await api.until(`watch ${api.version}`);
    return written;
  };
  await write(5);
  await api.until('list {}', 3);
  await api.until(`watch ${api.version}`, 2);
  assert.equal(store.get(key)?.group.spec.primary, 'b');
  state.primary = 'a';
  api.say('MODIFIED', object());
  assert.deepEqual([store.get(key)?.group.spec.primary, store.get(key)?.status.epoch], ['a', 5]);
});

test('a conflict is refused as one, a timeout is unknown, and an outage says that nothing is changed', async (context) => {
  const { api, write } = await stage(context);
  const outcomes = [];
  for (const code of ['Conflict', 'Unknown', 'Unavailable', 'Forbidden', 'NotFound'] as const) {
    api.answer = async () => {
      throw new ApiFault(code, 'PUT it');
    };
    const outcome = await write(5);
    outcomes.push([outcome.kind, 'reason' in outcome ? outcome.reason : '']);
  }
  assert.deepEqual(outcomes, [
    ['refused', 'Conflict'],
    ['unknown', 'OutcomeUnknown'],
    ['refused', 'StoreUnavailable'],
    ['refused', 'StoreUnavailable'],
    ['refused', 'NotFound'],
  ]);
});

test('a document that is no good leaves the last good one in force, for as long as it is the same object', async (context) => {
  const { api, object, state, store } = await stage(context);
  const bad = () => ({ ...object(), spec: { primary: 'nobody', nodes: [] } });
  api.say('MODIFIED', bad());
  assert.equal(store.get(key)?.group.spec.primary, 'a');
  assert.match(store.get(key)?.problem ?? '', /spec\.nodes/);
  state.uid = 'u2';
  api.say('MODIFIED', bad());
  assert.equal(store.get(key), undefined);
  assert.match(store.rejected(key)?.problem ?? '', /spec\.nodes/);
});

test('it is claimed once, by its metadata alone, and let go of with what others put there left in place', async (context) => {
  const { api, object, state, store } = await stage(context);
  const sent: { metadata: { finalizers: string[] } }[] = [];
  api.answer = async ({ body }) => {
    const asked = body as { metadata: { finalizers: string[] } };
    sent.push(asked);
    state.more = { finalizers: asked.metadata.finalizers };
    return object();
  };
  state.more = { finalizers: ['somebody/else'] };
  api.say('MODIFIED', object());
  await store.claim(key);
  await store.claim(key);
  assert.deepEqual(sent[0]?.metadata.finalizers, ['somebody/else', 'understudy.dev/leases']);
  assert.deepEqual([sent.length, Object.keys(sent[0] ?? {})], [1, ['metadata']]);
  await store.letGo(key);
  assert.deepEqual(sent[1]?.metadata.finalizers, ['somebody/else']);
});
