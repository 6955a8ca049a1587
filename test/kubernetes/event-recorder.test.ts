import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiFault } from '../../controller/kubernetes/api-fault.ts';
import { EventRecorder } from '../../controller/kubernetes/event-recorder.ts';
import type { ApiCall, KubeAccess } from '../../controller/kubernetes/kube-access.ts';
import type { News } from '../../reconcilers/news.ts';

const ref = { namespace: 'prod', name: 'quantshift', uid: 'u-1' };
const by = { component: 'understudy', instance: 'pod-1' };
const begun = Date.parse('2026-11-23T03:00:00Z');

/** Keeps what is sent; `answer` may refuse it. */
class Server {
  readonly calls: ApiCall[] = [];
  answer: (call: ApiCall) => Promise<void> = async () => undefined;

  get access(): Pick<KubeAccess, 'call'> {
    const call = async (sent: ApiCall): Promise<never> => {
      this.calls.push(sent);
      await this.answer(sent);
      return {} as never;
    };
    return { call: call as KubeAccess['call'] };
  }

  get said(): string[] {
    return this.calls.map(({ method, path, body }) => {
      const { message, count } = body as { message?: string; count: number };
      return `${method} ${message ?? path.split('/').at(-1)?.split('.')[0]} ${count}`;
    });
  }
}

const news = (message: string): News => ({ type: 'Warning', reason: 'NoReplica', message });

function stage() {
  const server = new Server();
  const clock = { now: begun };
  const recorder = new EventRecorder(server.access, { ...by, now: () => clock.now });
  return { server, clock, recorder };
}

test('an Event is what kubectl describe looks for', async () => {
  const { server, recorder } = stage();
  recorder.record(ref, news('b is away'));
  await recorder.flush(5_000);
  const [call] = server.calls;
  assert.deepEqual([call?.method, call?.path], ['POST', '/api/v1/namespaces/prod/events']);
  const stamp = (BigInt(begun) * 1_000_000n).toString(16);
  assert.deepEqual(call?.body, {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `quantshift.${stamp}`, namespace: 'prod' },
    involvedObject: { apiVersion: 'understudy.dev/v1alpha1', kind: 'FailoverGroup', ...ref },
    type: 'Warning',
    reason: 'NoReplica',
    message: 'b is away',
    count: 1,
    firstTimestamp: '2026-11-23T03:00:00.000Z',
    lastTimestamp: '2026-11-23T03:00:00.000Z',
    source: { component: 'understudy', host: 'pod-1' },
    reportingComponent: 'understudy',
    reportingInstance: 'pod-1',
  });
});

test('the same within ten minutes is counted, and after that told anew', async () => {
  const { server, clock, recorder } = stage();
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  for (const [afterMs, message] of [
    [0, 'b is away'],
    [599_000, 'b is away'],
    [1_000, 'c is away'],
    [601_000, 'b is away'],
  ] as const) {
    clock.now += afterMs;
    recorder.record(ref, news(message));
    await settled();
  }
  await recorder.flush(5_000);
  assert.deepEqual(server.said, [
    'POST b is away 1',
    'PATCH quantshift 2',
    'POST c is away 1',
    'POST b is away 1',
  ]);
  const names = server.calls.filter(({ method }) => method === 'POST').map(({ body }) => nameOf(body));
  assert.equal(new Set(names).size, 3);
  assert.deepEqual(names, [...names].sort(), 'kubectl lists them in the order of their names');
});

const nameOf = (body: unknown): string => (body as { metadata: { name: string } }).metadata.name;

test('what waits to be sent is counted without a request of its own', async () => {
  const { server, recorder } = stage();
  const open = Promise.withResolvers<void>();
  server.answer = () => open.promise;
  recorder.record(ref, news('first'));
  for (let times = 0; times < 3; times += 1) recorder.record(ref, news('second'));
  open.resolve();
  await recorder.flush(5_000);
  assert.deepEqual(server.said, ['POST first 1', 'POST second 3']);
});

test('one object tells 25 things at once and one more every ten seconds; another is not kept from it', async () => {
  const { server, clock, recorder } = stage();
  for (let index = 0; index < 40; index += 1) recorder.record(ref, news(`thing ${index}`));
  recorder.record({ ...ref, name: 'other' }, news('of another'));
  clock.now += 10_000;
  recorder.record(ref, news('later'));
  recorder.record(ref, news('too soon'));
  await recorder.flush(5_000);
  assert.equal(server.calls.length, 27);
  assert.equal(recorder.dropped, 16);
});

test('a server that does not answer costs nobody anything: the queue is bounded and the rest is dropped', async () => {
  const { server, recorder } = stage();
  server.answer = () => new Promise(() => undefined);
  for (let index = 0; index < 300; index += 1) recorder.record({ ...ref, name: `g${index}` }, news('x'));
  assert.equal(server.calls.length, 1, 'one at a time');
  assert.equal(recorder.dropped, 99);
  await recorder.flush(1);
  assert.equal(recorder.dropped, 299);
});

test('a lost answer is sent again under the same name, and an Event that exists is no fault', async () => {
  const { server, recorder } = stage();
  server.answer = async () => {
    if (server.calls.length === 1) throw new ApiFault('Unknown', 'the connection was lost');
    if (server.calls.length === 2) throw new ApiFault('Conflict', 'already exists');
  };
  recorder.record(ref, news('once'));
  await recorder.flush(5_000);
  assert.deepEqual(
    server.calls.map(({ method }) => method),
    ['POST', 'POST', 'PATCH'],
  );
  assert.equal(nameOf(server.calls[0]?.body), nameOf(server.calls[1]?.body));
  assert.equal(recorder.dropped, 0);
});

test('an Event that the server has forgotten is made anew, and what it refuses is dropped', async () => {
  const { server, clock, recorder } = stage();
  server.answer = async ({ method }) => {
    if (method === 'PATCH') throw new ApiFault('NotFound', 'expired');
  };
  recorder.record(ref, news('again'));
  await new Promise((resolve) => setImmediate(resolve));
  clock.now += 1_000;
  recorder.record(ref, news('again'));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(server.said, ['POST again 1', 'PATCH quantshift 2', 'POST again 2']);
  server.answer = () => Promise.reject(new ApiFault('Forbidden', 'no rights'));
  recorder.record(ref, news('refused'));
  await recorder.flush(5_000);
  assert.equal(recorder.dropped, 1);
});

test('a message is cut to 1,024 bytes between two characters, and a long name keeps its end', async () => {
  const { server, recorder } = stage();
  const name = `a${'b'.repeat(252)}`;
  recorder.record({ ...ref, name }, news(`x${'é'.repeat(1_000)}`));
  await recorder.flush(5_000);
  const body = server.calls[0]?.body as { message: string; metadata: { name: string } };
  assert.ok(Buffer.byteLength(body.message) <= 1_024);
  assert.match(body.message, /^xé+…$/);
  assert.equal(body.metadata.name.length, 253);
});
