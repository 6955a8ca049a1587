import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StorePort } from '../../controller/ports/store.ts';
import type { FailoverGroup } from '../../crd/failover-group.ts';
import type { Status } from '../../crd/status.ts';
import { Changes } from './changes.ts';

/** One store under test, and how somebody else changes what it watches. */
export interface StoreStage {
  /** A new port on the same ground, as a restarted controller would make it. */
  open(): StorePort;
  /** What the port calls the group of this name. */
  key(name: string): string;
  put(group: FailoverGroup): Promise<void>;
  remove(name: string): Promise<void>;
  dispose(): Promise<void>;
}

export function group(name: string, primary = 'a'): FailoverGroup {
  const nodes = ['a', 'b'].map((node, index) => ({
    name: node,
    redis: { host: '127.0.0.1', port: 7000 + index },
  }));
  return {
    apiVersion: 'understudy.dev/v1alpha1',
    kind: 'FailoverGroup',
    metadata: { name },
    spec: { primary, nodes },
  } as unknown as FailoverGroup;
}

const status: Status = { epoch: 3, currentPrimary: 'a', handledPrimary: 'a' };

interface Act {
  /** Of the group `one`. */
  readonly one: string;
  readonly stage: StoreStage;
  readonly store: StorePort;
  readonly changes: Changes;
}

/** What every store must do, whatever it keeps its groups in. */
export function storeSuite(name: string, raise: () => Promise<StoreStage>): void {
  const scene = (what: string, play: (act: Act) => Promise<void>) =>
    test(`${name}: ${what}`, async () => {
      const stage = await raise();
      const one = stage.key('one');
      const changes = new Changes();
      const store = stage.open();
      try {
        await stage.put(group('one'));
        await store.start(changes.tell);
        await changes.until(() => store.get(one) !== undefined);
        await play({ one, stage, store, changes });
      } finally {
        await store.stop();
        await stage.dispose();
      }
    });

  scene('lists what is there, with the defaults filled in', async ({ one, store }) => {
    assert.deepEqual(store.keys(), [one]);
    assert.equal(store.get(one)?.group.spec.failover.mode, 'Automatic');
  });

  scene('tells of an edit and counts it in the generation', async ({ one, stage, store, changes }) => {
    const before = store.get(one)?.group.metadata.generation ?? 0;
    await stage.put(group('one', 'b'));
    await changes.until(() => store.get(one)?.group.spec.primary === 'b');
    assert.equal(store.get(one)?.group.metadata.generation, before + 1);
  });

  scene('keeps status over a restart, and the generation with it', async ({ one, stage, store }) => {
    const generation = store.get(one)?.group.metadata.generation;
    assert.deepEqual(await store.writeStatus(one, status, store.get(one)?.version ?? ''), {
      kind: 'done',
    });
    await store.stop();
    const again = stage.open();
    const changes = new Changes();
    await again.start(changes.tell);
    await changes.until(() => again.get(one) !== undefined);
    assert.deepEqual(again.get(one)?.status, status);
    assert.equal(again.get(one)?.group.metadata.generation, generation);
    await again.stop();
  });

  scene('refuses a status that was decided on an older one', async ({ one, store }) => {
    const old = store.get(one)?.version ?? '';
    await store.writeStatus(one, status, old);
    const outcome = await store.writeStatus(one, { ...status, epoch: 9 }, old);
    assert.equal(outcome.kind === 'refused' && outcome.reason, 'Conflict');
    assert.equal(store.get(one)?.status.epoch, 3);
  });

  scene('tells when a group is gone', async ({ one, stage, store, changes }) => {
    await stage.remove('one');
    await changes.until(() => store.get(one) === undefined);
    assert.deepEqual(store.keys(), []);
  });

  scene('refuses a status for a group that is not there', async ({ stage, store }) => {
    const outcome = await store.writeStatus(stage.key('two'), status, '');
    assert.equal(outcome.kind, 'refused');
  });
}
