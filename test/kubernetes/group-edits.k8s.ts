import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Status } from '../../crd/status.ts';
import { ApiServer } from './api-server.ts';
import type { ControllerProcess } from './controller-process.ts';
import { condition, FailoverStage, messageOf, reasonOf, type StageTerms } from './failover-stage.ts';

let server: ApiServer;
before(async () => {
  server = await ApiServer.start();
  await server.applyCrd();
});
after(() => server.stop());

interface Led {
  readonly stage: FailoverStage;
  readonly controller: ControllerProcess;
}

/** A group and its controller; whether it is led by then depends on the terms. */
async function on(terms: Partial<StageTerms>, play: (led: Led) => Promise<void>): Promise<void> {
  const stage = await FailoverStage.raise({ kubeconfig: server.kubeconfig, ...terms });
  try {
    const controller = stage.controller('one');
    await controller.leads();
    await play({ stage, controller });
  } finally {
    await stage.dispose();
  }
}

const kubectl = (stage: FailoverStage, ...words: readonly string[]): Promise<string> =>
  server.kubectl(['--namespace', stage.namespace, ...words]);

/** A spec that the schema of a server without CEL lets through. */
const bad = { primary: 'nobody' } as const;
const invalid = (status: Status): boolean => reasonOf(status, 'Ready') === 'SpecInvalid';

describe('A group', { concurrency: 3 }, () => {
  test('is switched over by kubectl patch: the status tells it, and no acknowledged write is lost', () =>
    on({}, async ({ stage, controller }) => {
      await stage.untilLed('a');
      const traffic = await stage.traffic();
      await kubectl(stage, 'patch', 'fg', 'pair', '--type=merge', '-p', '{"spec":{"primary":"b"}}');
      const status = await stage.untilLed('b');
      assert.equal(status.handledPrimary, 'b');
      assert.equal(status.observedGeneration, 2);
      assert.equal(condition(status, 'PrimaryAsRequested'), 'True');
      assert.equal(status.history?.[0]?.kind, 'Switchover');
      assert.deepEqual(await stage.roles(), { a: 'slave', b: 'master' });
      assert.equal(await stage.lost(traffic, 'b'), 0);
      // Told to Redis twice in all, and not once more than that.
      const roles = (await stage.effects(controller)).filter(({ command }) =>
        command.startsWith('replicaof'),
      );
      assert.deepEqual(roles.map(({ node, command }) => [node, command]).sort(), [
        ['a', `replicaof 127.0.0.1 ${stage.server('b').port}`],
        ['b', 'replicaof NO ONE'],
      ]);
    }));

  test('is switched over though somebody else writes its labels and status all the time', () =>
    on({}, async ({ stage, controller }) => {
      await stage.untilLed('a');
      const over = new AbortController();
      const meddle = async (): Promise<number> => {
        let count = 0;
        for (; !over.signal.aborted; count += 1) {
          await stage.patch({ metadata: { labels: { n: `${count}` } } });
          await stage.patchStatus({ replicaLagBytes: 1_000_000 + count });
        }
        return count;
      };
      const meddling = meddle();
      await stage.patchSpec({ primary: 'b' });
      const led = (by: string) => (status: Status) =>
        status.currentPrimary === by && status.handledPrimary === by && status.transition === undefined;
      await stage.untilStatus('b leads', led('b'));
      await stage.patchSpec({ primary: 'a' });
      await stage.untilStatus('a leads', led('a'));
      over.abort();
      const count = await meddling;
      const conflicts = controller.lines.filter(({ reason }) => reason === 'Conflict').length;
      console.log(`# ${count} edits by somebody else, ${conflicts} writes refused for them`);
      await stage.untilLed('a');
      assert.deepEqual((await stage.object())?.metadata.labels, { n: `${count - 1}` });
      assert.equal((await stage.status()).history?.length, 2);
      assert.deepEqual(await stage.roles(), { a: 'master', b: 'slave' });
    }));

  test('has its status edited by somebody: what is recorded there is believed, what is seen is put right', () =>
    on({}, async ({ stage, controller }) => {
      await stage.untilLed('a');
      await stage.untilCalm(controller);
      const { metadata } = await stage.patchStatus({ epoch: 7, conditions: [] });
      const status = await stage.untilLed('a');
      // Not written over with what was decided before: the highest epoch stays.
      assert.equal(status.epoch, 7);
      assert.notEqual((await stage.object())?.metadata.resourceVersion, metadata.resourceVersion);
      await stage.patchSpec({ primary: 'b' });
      assert.equal((await stage.untilLed('b')).epoch, 8);
    }));

  test('gets a bad spec: it is told of with the field, and the last good one stays in force', () =>
    on({}, async ({ stage }) => {
      await stage.untilLed('a');
      await stage.patchSpec(bad);
      const status = await stage.untilStatus('SpecInvalid', invalid);
      assert.match(messageOf(status, 'Ready'), /spec\.primary/);
      assert.equal(condition(status, 'Ready'), 'False');
      await stage.server('a').kill();
      await stage.untilStatus('a failover all the same', ({ currentPrimary, transition }) => {
        return currentPrimary === 'b' && transition === undefined;
      });
      assert.equal(await stage.role('b'), 'master');
      await stage.server('a').restart();
      await stage.patchSpec({ primary: 'b' });
      await stage.untilLed('b');
    }));

  test('that was never good is told of in its status and harms no other; mended, it is looked after', () =>
    on({ without: 'group' }, async ({ stage, controller }) => {
      await stage.createGroup(bad);
      const status = await stage.untilStatus('SpecInvalid', invalid);
      assert.match(messageOf(status, 'Ready'), /spec\.primary/);
      assert.deepEqual(await stage.effects(controller), []);
      await stage.patchSpec({ primary: 'a' });
      await stage.untilLed('a');
      assert.equal((await controller.stop()).code, 0);
    }));

  test('whose Secret is not there yet says so, and is looked after when it is', () =>
    on({ without: 'secret' }, async ({ stage, controller }) => {
      const status = await stage.untilStatus(
        'what is missing',
        (seen) => condition(seen, 'Ready') === 'False',
      );
      assert.match(messageOf(status, 'Ready'), /redis-auth does not exist/);
      const { mark } = controller;
      await stage.createSecret();
      await stage.untilLed('a');
      assert.deepEqual(
        controller.since(mark).filter(({ msg }) => msg === 'started'),
        [],
      );
    }));
});
