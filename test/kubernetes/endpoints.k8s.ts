import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { epochAnnotation } from '../../controller/kubernetes/endpoint-objects.ts';
import { PatchType } from '../../controller/kubernetes/kube-access.ts';
import { endProcess } from '../world/sim-redis.ts';
import { ApiServer } from './api-server.ts';
import { SimStage } from './sim-stage.ts';

const server = await ApiServer.start();
await server.applyCrd();
after(() => server.stop());

/** What is to be mended is mended sooner (ms): what has not come by then does not come. */
const mendMs = 1_000;
const settled = ['quantshift-primary-ipv4: 10.9.0.1:6379', 'quantshift-replicas-ipv4-6379: 10.9.0.2:6379'];
const moved = ['quantshift-primary-ipv4: 10.9.0.2:6379', 'quantshift-replicas-ipv4-6379: 10.9.0.1:6379'];

async function staged(play: (stage: SimStage) => Promise<void>, name = 'quantshift'): Promise<void> {
  const stage = await SimStage.raise(server.kubeconfig, { name });
  try {
    await play(stage);
  } finally {
    await stage.dispose();
  }
}

const untilSlices = (stage: SimStage, wanted: readonly string[]): Promise<boolean> =>
  stage.until(wanted.join(', '), async () => (await stage.slices()).join() === wanted.join());

async function led(stage: SimStage): Promise<void> {
  await stage.createGroup();
  await stage.run();
  await stage.untilSo('Ready', 'True');
  await untilSlices(stage, settled);
}

const path = (stage: SimStage, kind: 'services' | 'endpointslices', name: string): string =>
  `${stage.collection(kind)}/${name}`;

test('two Services lead to the primary and to the replicas, and in steady state nothing is written', () =>
  staged(async (stage) => {
    await led(stage);
    const services = await stage.list('services');
    assert.deepEqual(
      services.map(({ metadata }) => metadata.name),
      ['quantshift-primary', 'quantshift-replicas'],
    );
    for (const { spec, metadata } of services) {
      assert.equal((spec as { selector?: unknown }).selector, undefined);
      const [owner] = metadata.ownerReferences as { uid: string }[];
      assert.equal(owner?.uid, stage.store.uid(stage.key));
    }
    const written = stage.writes.length;
    const passes = stage.events.length;
    await stage.until('twenty more passes', async () => stage.events.length > passes + 20);
    assert.equal(stage.writes.length, written);
  }));

test('after a death the slice leads to the new primary with the promotion, and the dead one is no replica', () =>
  staged(async (stage) => {
    await led(stage);
    const mark = stage.writes.length;
    endProcess(stage.world.get('a'), 'crashed', stage.world.now);
    await untilSlices(stage, ['quantshift-primary-ipv4: 10.9.0.2:6379']);
    const promoted = stage.events.find(
      ({ event }) => event.kind === 'acted' && event.action.kind === 'promote',
    );
    const first = stage.writes.slice(mark).find(({ id }) => id.endsWith('/quantshift-primary-ipv4'));
    assert.ok(promoted !== undefined && first !== undefined);
    console.log(`# promotion to slice written: ${(first.at - promoted.at).toFixed(1)} ms`);
    assert.equal(first.method, 'PATCH');
  }));

test('a switchover is followed by both Services', () =>
  staged(async (stage) => {
    await led(stage);
    await stage.patchGroup({ spec: { primary: 'b' } });
    await untilSlices(stage, moved);
    const slice = await stage.access.call({
      method: 'GET',
      path: path(stage, 'endpointslices', 'quantshift-primary-ipv4'),
    });
    const { annotations } = slice.metadata as { annotations?: Record<string, string> };
    assert.equal(annotations?.[epochAnnotation], String(stage.store.get(stage.key)?.status.epoch));
  }));

test('what somebody deletes or edits is mended', () =>
  staged(async (stage) => {
    await led(stage);
    await stage.access.call({ method: 'DELETE', path: path(stage, 'services', 'quantshift-primary') });
    await stage.access.call({
      method: 'DELETE',
      path: path(stage, 'endpointslices', 'quantshift-replicas-ipv4-6379'),
    });
    const edit = { patch: PatchType.Merge, method: 'PATCH' } as const;
    await stage.access.call({
      ...edit,
      path: path(stage, 'endpointslices', 'quantshift-primary-ipv4'),
      body: { endpoints: [{ addresses: ['10.66.0.1'] }] },
    });
    await stage.access.call({
      ...edit,
      path: path(stage, 'services', 'quantshift-replicas'),
      body: {
        spec: { selector: { app: 'x' } },
        metadata: { labels: { 'app.kubernetes.io/managed-by': null } },
      },
    });
    await untilSlices(stage, settled);
    await stage.until('the Services are back', async () => {
      const services = await stage.list('services');
      return (
        services.length === 2 &&
        services.every(
          ({ spec, metadata }) =>
            (spec as { selector?: unknown }).selector === undefined && metadata.labels !== undefined,
        )
      );
    });
  }));

test("another's Service of the same name is left alone and told of", () =>
  staged(async (stage) => {
    const spec = { ports: [{ port: 80 }], selector: { app: 'theirs' } };
    const body = { metadata: { name: 'quantshift-primary' }, spec };
    await stage.access.call({ method: 'POST', path: stage.collection('services'), body });
    await led(stage);
    const told = await stage.until('the Event', async () =>
      (await stage.list('events')).find(({ reason }) => reason === 'ServiceNameTaken'),
    );
    assert.match(String(told.message), /Service sim-\w+\/quantshift-primary that does not belong/);
    const theirs = await stage.access.call({
      method: 'GET',
      path: path(stage, 'services', 'quantshift-primary'),
    });
    assert.deepEqual((theirs.spec as { selector?: unknown }).selector, { app: 'theirs' });
  }));

test('a deposed leader writes nothing, whatever it decides', () =>
  staged(async (stage) => {
    await led(stage);
    stage.leftMs = 0;
    const written = stage.writes.length;
    const action = { kind: 'promote', node: 'b', rescue: false, epoch: 99 } as const;
    const act = { kind: 'acted', key: stage.key, pass: 0, action, milliseconds: 0 } as const;
    stage.publisher.note({ ...act, outcome: { kind: 'done' } });
    const mended = path(stage, 'services', 'quantshift-replicas');
    await stage.access.call({ method: 'DELETE', path: mended });
    await delay(mendMs);
    assert.equal(stage.writes.length, written);
    assert.deepEqual(await stage.slices(), settled);
  }));

test('nothing goes over what a newer leader published', () =>
  staged(async (stage) => {
    await led(stage);
    const newer = {
      endpoints: [{ addresses: ['10.9.0.7'] }],
      metadata: { annotations: { [epochAnnotation]: '1000' } },
    };
    const slice = path(stage, 'endpointslices', 'quantshift-primary-ipv4');
    await stage.access.call({ method: 'PATCH', path: slice, patch: PatchType.Merge, body: newer });
    const written = stage.writes.length;
    const passes = stage.events.length;
    await stage.until('twenty more passes', async () => stage.events.length > passes + 20);
    assert.equal(stage.writes.length, written);
    assert.equal((await stage.slices())[0], 'quantshift-primary-ipv4: 10.9.0.7:6379');
  }));

test('off takes them away, and on brings them back', () =>
  staged(async (stage) => {
    await led(stage);
    await stage.patchGroup({ metadata: { annotations: { 'understudy.dev/services': 'off' } } });
    await untilSlices(stage, []);
    await stage.until('no Services', async () => (await stage.list('services')).length === 0);
    await stage.patchGroup({ metadata: { annotations: { 'understudy.dev/services': null } } });
    await untilSlices(stage, settled);
  }));

test('what is deleted with its group is not made anew', () =>
  staged(async (stage) => {
    await led(stage);
    // A deletion in the foreground: the group stays until what it owns is gone.
    await stage.patchGroup({
      metadata: { finalizers: ['understudy.dev/test', ...(await stage.finalizers())] },
    });
    await stage.deleteGroup();
    await stage.until('it is let go', async () => stage.events.some(({ event }) => event.kind === 'retired'));
    const written = stage.writes.length;
    await stage.access.call({ method: 'DELETE', path: path(stage, 'services', 'quantshift-primary') });
    await delay(mendMs);
    assert.equal(stage.writes.length, written);
    await stage.patchGroup({ metadata: { finalizers: [] } });
  }));

test('a name that makes no name of a Service is shortened and told', () =>
  staged(
    async (stage) => {
      await stage.createGroup();
      await stage.run();
      const told = await stage.until('the Event', async () =>
        (await stage.list('events')).find(({ reason }) => reason === 'ServiceNameShortened'),
      );
      const services = await stage.list('services');
      assert.match(String(told.message), new RegExp(services[0]?.metadata.name ?? 'none'));
    },
    `1st.${'x'.repeat(80)}`,
  ));
