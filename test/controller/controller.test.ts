import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectGroup, ControllerEvent } from '../../controller/controller.ts';
import { Controller } from '../../controller/controller.ts';
import type { StoredGroup, StorePort } from '../../controller/ports/store.ts';
import { UnderstudyError } from '../../controller/understudy-error.ts';
import type { Status } from '../../crd/status.ts';
import { simSpec, units } from '../world/sim-group.ts';
import { calm, simClock, simNodes } from '../world/sim-ports.ts';
import { World } from '../world/world.ts';

/** A store in memory that holds one group, and lets a test wait for what is written. */
class OneGroupStore implements StorePort {
  status: Status = {};
  touch: () => void = () => undefined;
  readonly #waits: { holds: (status: Status) => boolean; resolve: () => void }[] = [];

  async start(onChange: (key: string) => void): Promise<void> {
    this.touch = () => onChange('one');
  }

  keys(): readonly string[] {
    return ['one'];
  }

  get(): StoredGroup {
    const group = {
      apiVersion: 'understudy.dev/v1alpha1' as const,
      kind: 'FailoverGroup' as const,
      metadata: { name: 'one', generation: 1 },
      spec: simSpec(['a', 'b']),
    };
    return { key: 'one', group, status: this.status, version: '' };
  }

  rejected(): undefined {
    return undefined;
  }

  async claim(): Promise<{ kind: 'done' }> {
    return { kind: 'done' };
  }

  async letGo(): Promise<{ kind: 'done' }> {
    return { kind: 'done' };
  }

  async writeStatus(_key: string, status: Status): Promise<{ kind: 'done' }> {
    this.status = status;
    for (const wait of this.#waits) if (wait.holds(status)) wait.resolve();
    return { kind: 'done' };
  }

  async stop(): Promise<void> {}

  until(holds: (status: Status) => boolean): Promise<void> {
    return new Promise((resolve) => (holds(this.status) ? resolve() : this.#waits.push({ holds, resolve })));
  }
}

const readyReason = (status: Status): string | undefined =>
  status.conditions?.find((condition) => condition.type === 'Ready')?.reason;

function controller(connect: ConnectGroup): {
  controller: Controller;
  store: OneGroupStore;
  world: World;
  events: ControllerEvent[];
} {
  const store = new OneGroupStore();
  const world = new World(['a', 'b'], units);
  const events: ControllerEvent[] = [];
  const made = new Controller({
    store,
    connect,
    clock: simClock(world),
    commandTimeoutMs: 500,
    probeMs: 5,
    tell: (event) => events.push(event),
  });
  return { controller: made, store, world, events };
}

test('what keeps a group from being connected to stands in its status, and is gone when it is mended', async () => {
  let password: string | undefined;
  const nodes: { current: ReturnType<typeof simNodes> } = { current: new Map() };
  const {
    controller: made,
    store,
    world,
  } = controller(async () => {
    if (password === undefined) throw new UnderstudyError('SecretUnavailable', '/run/password is not there.');
    return [...nodes.current.values()];
  });
  nodes.current = simNodes(world, calm(), []);
  await made.start();
  await store.until((status) => readyReason(status) === 'Unconnected');
  assert.match(store.status.conditions?.[0]?.message ?? '', /run\/password/);
  password = 'there now';
  store.touch();
  await store.until((status) => status.currentPrimary === 'a');
  await made.stop();
});

test('a fault in a pass is told of and does not end the loop', async () => {
  let broken = true;
  const nodes: { current: ReturnType<typeof simNodes> } = { current: new Map() };
  const {
    controller: made,
    store,
    world,
    events,
  } = controller(async () => {
    if (broken) throw new Error('a bug');
    return [...nodes.current.values()];
  });
  nodes.current = simNodes(world, calm(), []);
  await made.start();
  await store.until((status) => readyReason(status) === 'Unconnected');
  broken = false;
  store.touch();
  await store.until((status) => status.currentPrimary === 'a');
  await made.stop();
  assert.ok(events.some((event) => event.kind === 'fault'));
});
