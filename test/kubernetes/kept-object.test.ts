import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiFault } from '../../controller/kubernetes/api-fault.ts';
import { type OwnedObject, ownedObjects } from '../../controller/kubernetes/endpoint-objects.ts';
import { type KeptEvent, KeptObject } from '../../controller/kubernetes/kept-object.ts';
import type { ApiCall, KubeAccess, KubeObject } from '../../controller/kubernetes/kube-access.ts';
import { serviceNames } from '../../controller/kubernetes/service-name.ts';
import { Turnstile } from '../../controller/kubernetes/turnstile.ts';

const uid = 'u-1';
const path = '/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices/g-primary-ipv4';

function slice(ip: string, epoch: number, by = uid): OwnedObject {
  const owner = { name: 'g', namespace: 'prod', uid: by };
  const terms = { owner, names: serviceNames('g'), epoch, primary: [{ ip, port: 6379 }], replicas: [] };
  const found = ownedObjects(terms, 'discovery.k8s.io/v1').find(({ name }) => name === 'g-primary-ipv4');
  assert.ok(found !== undefined);
  return found;
}

function live({ body }: OwnedObject, resourceVersion: string): KubeObject {
  const { metadata, ...rest } = structuredClone(body) as { metadata: object };
  return { ...rest, metadata: { ...metadata, uid: 'o-1', resourceVersion } } as unknown as KubeObject;
}

/** One object on a server that numbers its versions and checks preconditions. */
class Shelf {
  readonly calls: string[] = [];
  object: KubeObject | undefined;
  leftMs = 15_000;
  readonly events: KeptEvent[] = [];
  readonly turnstile = new Turnstile(1);
  before: () => void = () => undefined;
  #version = 10;

  keeper(seen: KubeObject | undefined): KeptObject {
    const access = { call: (async (call: ApiCall) => this.#answer(call)) as KubeAccess['call'] };
    const tell = (event: KeptEvent): void => void this.events.push(event);
    const leadership = { leftMs: () => this.leftMs };
    return new KeptObject({ access, leadership, turnstile: this.turnstile, path, tell }, seen);
  }

  put(object: OwnedObject | undefined): KubeObject | undefined {
    this.#version += 1;
    this.object = object === undefined ? undefined : live(object, String(this.#version));
    return this.object;
  }

  /** Until nothing is under way any more. */
  async settled(): Promise<readonly string[]> {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    return this.calls.splice(0);
  }

  #answer({ method, body }: ApiCall): KubeObject {
    this.calls.push(method);
    const interfere = this.before;
    this.before = () => undefined;
    interfere();
    const { object } = this;
    if (method === 'POST' && object !== undefined) throw new ApiFault('Conflict', 'exists');
    if (method !== 'POST' && object === undefined) throw new ApiFault('NotFound', 'nothing there');
    if (method === 'GET' && object !== undefined) return object;
    const { metadata, preconditions, ...rest } = body as Record<string, Record<string, unknown>>;
    const version = preconditions?.resourceVersion ?? metadata?.resourceVersion;
    if (object !== undefined && version !== object.metadata.resourceVersion)
      throw new ApiFault('Conflict', 'changed');
    this.#version += 1;
    const next = { ...object, ...rest } as Record<string, unknown>;
    next.metadata = { ...object?.metadata, ...metadata, uid: 'o-1', resourceVersion: String(this.#version) };
    this.object = method === 'DELETE' ? undefined : (next as unknown as KubeObject);
    return next as unknown as KubeObject;
  }

  get ip(): string | undefined {
    const [endpoint] = (this.object?.endpoints ?? []) as { addresses: string[] }[];
    return endpoint?.addresses[0];
  }
}

test('what is missing is made, what differs is patched, and what is right is left alone', async () => {
  const shelf = new Shelf();
  const keeper = shelf.keeper(undefined);
  keeper.want({ uid, object: slice('10.0.0.1', 1) });
  assert.deepEqual(await shelf.settled(), ['POST']);
  keeper.want({ uid, object: slice('10.0.0.1', 2) });
  keeper.recheck();
  assert.deepEqual(await shelf.settled(), []);
  keeper.want({ uid, object: slice('10.0.0.2', 2) });
  assert.deepEqual(await shelf.settled(), ['PATCH']);
  assert.equal(shelf.ip, '10.0.0.2');
  keeper.want({ uid, object: undefined });
  assert.deepEqual(await shelf.settled(), ['DELETE']);
  assert.equal(shelf.object, undefined);
  keeper.stop();
});

test('a write that was decided on an old version is decided again', async () => {
  const shelf = new Shelf();
  const keeper = shelf.keeper(shelf.put(slice('10.0.0.1', 1)));
  shelf.put(slice('10.0.0.9', 1));
  keeper.want({ uid, object: slice('10.0.0.2', 2) });
  assert.deepEqual(await shelf.settled(), ['PATCH', 'GET', 'PATCH']);
  assert.equal(shelf.ip, '10.0.0.2');
  keeper.stop();
});

test('nothing goes over a higher epoch, however old the view was that it was decided on', async () => {
  const shelf = new Shelf();
  const keeper = shelf.keeper(shelf.put(slice('10.0.0.1', 1)));
  shelf.put(slice('10.0.0.9', 3));
  keeper.want({ uid, object: slice('10.0.0.2', 2) });
  assert.deepEqual(await shelf.settled(), ['PATCH', 'GET']);
  assert.equal(shelf.ip, '10.0.0.9');
  keeper.want({ uid, object: slice('10.0.0.3', 2) });
  assert.deepEqual(await shelf.settled(), []);
  assert.deepEqual(shelf.events, Array(2).fill({ kind: 'newer', epoch: 3 }));
  keeper.want({ uid, object: slice('10.0.0.9', 2) });
  assert.deepEqual(shelf.events.at(-1), { kind: 'well' }, 'the same, whatever the epoch');
  keeper.stop();
});

test('a deposed leader does not complain of what a newer one wrote', async () => {
  const shelf = new Shelf();
  shelf.leftMs = 0;
  const keeper = shelf.keeper(shelf.put(slice('10.0.0.9', 3)));
  keeper.want({ uid, object: slice('10.0.0.1', 1) });
  assert.deepEqual([await shelf.settled(), shelf.events], [[], []]);
  keeper.stop();
});

test('without time left to lead nothing is sent', async () => {
  const shelf = new Shelf();
  shelf.leftMs = 1_999;
  const keeper = shelf.keeper(shelf.put(slice('10.0.0.1', 1)));
  keeper.want({ uid, object: slice('10.0.0.2', 2) }, true);
  assert.deepEqual(await shelf.settled(), []);
  shelf.leftMs = 2_000;
  keeper.recheck();
  assert.deepEqual(await shelf.settled(), ['PATCH']);
  keeper.stop();
});

test("another's object is left alone and told of, until the name is free", async () => {
  const shelf = new Shelf();
  shelf.put(slice('10.0.0.9', 1, 'another'));
  // It bears no label of ours: the mirror does not show it.
  const keeper = shelf.keeper(undefined);
  keeper.want({ uid, object: slice('10.0.0.1', 1) });
  assert.deepEqual(await shelf.settled(), ['POST', 'GET']);
  assert.deepEqual(shelf.events, [{ kind: 'taken' }]);
  keeper.recheck();
  assert.deepEqual(await shelf.settled(), ['GET']);
  keeper.want({ uid, object: undefined });
  assert.deepEqual(await shelf.settled(), []);
  keeper.want({ uid, object: slice('10.0.0.1', 1) });
  assert.deepEqual(await shelf.settled(), ['GET']);
  shelf.put(undefined);
  keeper.recheck();
  assert.deepEqual(await shelf.settled(), ['GET', 'POST']);
  assert.equal(shelf.ip, '10.0.0.1');
  assert.equal(shelf.events.at(-1)?.kind, 'well');
  keeper.stop();
});

test('a wish that comes while a write is under way is met by the next one', async () => {
  const shelf = new Shelf();
  const keeper = shelf.keeper(shelf.put(slice('10.0.0.1', 1)));
  shelf.before = () => keeper.want({ uid, object: slice('10.0.0.3', 3) }, true);
  keeper.want({ uid, object: slice('10.0.0.2', 2) });
  assert.deepEqual(await shelf.settled(), ['PATCH', 'PATCH']);
  assert.equal(shelf.ip, '10.0.0.3');
  keeper.stop();
});

test('what the server refuses is told', async () => {
  const shelf = new Shelf();
  shelf.before = () => {
    throw new ApiFault('Forbidden', 'no rights');
  };
  const keeper = shelf.keeper(undefined);
  keeper.want({ uid, object: slice('10.0.0.1', 1) });
  assert.deepEqual(await shelf.settled(), ['POST']);
  assert.deepEqual(
    shelf.events.map(({ kind }) => kind),
    ['refused'],
  );
  keeper.stop();
});

test('an urgent wish passes all that waits', async () => {
  const turnstile = new Turnstile(1);
  const open = Promise.withResolvers<void>();
  const held = turnstile.pass(() => open.promise);
  const sent: string[] = [];
  const access = {
    call: (async ({ method }: ApiCall) => {
      sent.push(method);
      return live(slice('10.0.0.1', 1), '1');
    }) as KubeAccess['call'],
  };
  const terms = { access, leadership: { leftMs: () => 15_000 }, turnstile, path, tell: () => undefined };
  const keeper = new KeptObject(terms, undefined);
  const waiting = new KeptObject(terms, undefined);
  waiting.want({ uid, object: slice('10.0.0.1', 1) });
  keeper.want({ uid, object: slice('10.0.0.1', 1) }, true);
  assert.deepEqual(sent, ['POST']);
  open.resolve();
  await held;
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  assert.deepEqual(sent, ['POST', 'POST']);
  for (const one of [keeper, waiting]) one.stop();
});

test('what waits for its turn goes at once when it becomes urgent, and once only', async () => {
  const shelf = new Shelf();
  const crowd = Promise.withResolvers<void>();
  void shelf.turnstile.pass(() => crowd.promise);
  const keeper = shelf.keeper(undefined);
  keeper.want({ uid, object: slice('10.0.0.1', 1) });
  assert.deepEqual(await shelf.settled(), []);
  keeper.want({ uid, object: slice('10.0.0.2', 2) }, true);
  assert.deepEqual(await shelf.settled(), ['POST']);
  keeper.want({ uid, object: slice('10.0.0.3', 3) }, true);
  assert.deepEqual(await shelf.settled(), ['PATCH']);
  crowd.resolve();
  assert.deepEqual(await shelf.settled(), []);
  keeper.want({ uid, object: slice('10.0.0.4', 4) });
  assert.deepEqual(await shelf.settled(), ['PATCH']);
  keeper.stop();
});
