import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectGroup, ControllerEvent } from '../../controller/controller.ts';
import { Controller } from '../../controller/controller.ts';
import type { GroupNode } from '../../controller/group-nodes.ts';
import type { StoredGroup, StorePort } from '../../controller/ports/store.ts';
import { UnderstudyError } from '../../controller/understudy-error.ts';
import type { Status } from '../../crd/status.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import { until } from '../redis/until.ts';
import { simSpec } from '../world/sim-group.ts';

const done: Outcome = { kind: 'done' };

/** Groups in memory, that come and go as a test says. */
class GroupsStore implements StorePort {
  readonly groups = new Map<string, StoredGroup>();
  readonly letGoOf: string[] = [];
  touch: (key: string) => void = () => undefined;

  /** A group of nodes that are hosts of their own. */
  put(
    key: string,
    {
      status = {},
      retiring = false,
      nodes = ['a', 'b'],
    }: { status?: Status; retiring?: boolean; nodes?: readonly string[] } = {},
  ): void {
    const [namespace = '', name = ''] = key.split('/');
    const [apiVersion, kind] = ['understudy.dev/v1alpha1', 'FailoverGroup'] as const;
    const metadata = { name, namespace, generation: 1 };
    const group = { apiVersion, kind, metadata, spec: simSpec(nodes, 10) };
    this.groups.set(key, { key, group, status, version: '', ...(retiring ? { retiring } : {}) });
    this.touch(key);
  }

  take(key: string): void {
    this.groups.delete(key);
    this.touch(key);
  }

  async start(onChange: (key: string) => void): Promise<void> {
    this.touch = onChange;
  }

  keys(): readonly string[] {
    return [...this.groups.keys()];
  }

  get(key: string): StoredGroup | undefined {
    return this.groups.get(key);
  }

  rejected(): undefined {
    return undefined;
  }

  async claim(): Promise<Outcome> {
    return done;
  }

  async letGo(key: string): Promise<Outcome> {
    this.letGoOf.push(key);
    return done;
  }

  async writeStatus(): Promise<Outcome> {
    return done;
  }

  async stop(): Promise<void> {}
}

/** A node that nobody reaches; every look at its host is counted. */
function awayNode(name: string, looks: string[]): GroupNode {
  const away = async () => {
    looks.push(name);
    return { state: 'silent', detail: 'away', port: 'unknown' };
  };
  const ignored = () => undefined;
  const port = { observe: away, onLost: ignored, onChange: ignored, close: ignored };
  const node = { name, endpoint: { host: name, port: 6379 }, redis: port, host: port };
  return node as unknown as GroupNode;
}

function controllerOf(store: GroupsStore, connect: ConnectGroup, now: () => number = () => 0) {
  const events: ControllerEvent[] = [];
  const controller = new Controller({
    store,
    connect,
    clock: { now, sleep: async () => undefined },
    commandTimeoutMs: 500,
    probeMs: 1_000,
    tell: (event) => events.push(event),
  });
  return { controller, events };
}

test('a group that is deleted, and once more under its old name, has its full time again for a node that is away', async () => {
  const store = new GroupsStore();
  const looks: string[] = [];
  let now = 0;
  const { controller, events } = controllerOf(
    store,
    async () => ['a', 'b'].map((name) => awayNode(name, looks)),
    () => now,
  );
  store.put('prod/bots', { retiring: true });
  await controller.start();
  await until('two looks at both hosts', async () => looks.length >= 4);
  // Somebody took its finalizer away by hand.
  store.take('prod/bots');
  await until('it is gone', async () => events.some(({ kind }) => kind === 'gone'));
  now += 3_600_000;
  looks.length = 0;
  store.put('prod/bots', { retiring: true });
  await until('looks at both hosts', async () => looks.length >= 8 || store.letGoOf.length > 0);
  await controller.stop();
  assert.deepEqual(store.letGoOf, []);
});

/** Which groups get connections, when it takes a while to make them. */
async function connectedOf(store: GroupsStore): Promise<readonly string[]> {
  const connected: string[] = [];
  const settled = () => until('one refused', async () => connected.length > 1 || refused());
  const { controller, events } = controllerOf(store, async ({ metadata }) => {
    connected.push(`${metadata.namespace}/${metadata.name}`);
    await settled();
    return ['a', 'b'].map((name) => awayNode(name, []));
  });
  const refused = (): boolean => events.some(({ kind }) => kind === 'fault');
  await controller.start();
  await settled();
  await controller.stop();
  return connected;
}

test('of two groups of one name on the same hosts one alone is connected to, also when both are taken up at once', async () => {
  const store = new GroupsStore();
  store.put('prod/bots');
  store.put('test/bots');
  assert.deepEqual(await connectedOf(store), ['prod/bots']);
});

test('a controller that takes over goes on with the one of the two that was led, whatever their order', async () => {
  const store = new GroupsStore();
  store.put('attic/bots');
  store.put('prod/bots', { status: { epoch: 3, currentPrimary: 'a' } });
  assert.deepEqual(await connectedOf(store), ['prod/bots']);
});

test('a group that is deleted before it could ever be connected to goes at once, and names no node', async () => {
  const store = new GroupsStore();
  const { controller, events } = controllerOf(store, async () => {
    throw new UnderstudyError('GroupInvalid', 'no such secret');
  });
  store.put('prod/bots', { retiring: true });
  store.put('prod/led', { retiring: true, status: { epoch: 3, currentPrimary: 'a' } });
  await controller.start();
  await until('one is gone', async () => events.some(({ kind }) => kind === 'retired'));
  await controller.stop();
  assert.deepEqual(store.letGoOf, ['prod/bots']);
  assert.deepEqual(
    events.filter(({ kind }) => kind === 'retired'),
    [{ kind: 'retired', key: 'prod/bots', unreached: [] }],
  );
});

/** A node whose Redis is silent; its host says that one unit is there, in the state that `look` has then. */
function nodeWithUnit(name: string, look: { state: string }, told: string[]): GroupNode {
  const ignored = () => undefined;
  const redis = { observe: async () => ({ state: 'silent' }), onLost: ignored, close: ignored };
  const host = {
    observe: async (terms?: { seconds: number }) => {
      if (terms !== undefined) told.push(`${name} ${terms.seconds}`);
      const units = [{ name: 'bot-a.service', state: look.state }];
      return { state: 'answers', bootId: '1', units, epoch: 0, lease: { state: 'armed' } };
    },
    onChange: ignored,
    close: () => told.push(`${name} closed`),
  };
  return { name, endpoint: { host: name, port: 6379 }, redis, host } as unknown as GroupNode;
}

for (const [state, outcome, expected] of [
  ['stopped', 'taken away', ['c 0', 'c closed']],
  ['running', 'left there', ['c closed']],
] as const) {
  test(`the watch of a node that is taken out of its group is ${outcome} when a unit is ${state} there`, async () => {
    const store = new GroupsStore();
    const told: string[] = [];
    const look = { state: 'stopped' };
    const { controller } = controllerOf(store, async ({ spec }) =>
      spec.nodes.map(({ name }) => nodeWithUnit(name, look, name === 'c' ? told : [])),
    );
    store.put('prod/bots', { nodes: ['a', 'b', 'c'] });
    await controller.start();
    try {
      await until('the watch of c was told of its lease', async () => told.includes('c 10'));
      told.length = 0;
      look.state = state;
      store.put('prod/bots', { nodes: ['a', 'b'] });
      await until('c is let go of', async () => told.includes('c closed'));
    } finally {
      await controller.stop();
    }
    assert.deepEqual(told, expected);
  });
}
