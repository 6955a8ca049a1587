import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { FailoverGroupSpec } from '../../crd/failover-group.ts';
import { closeAdmin } from '../redis/admin-connection.ts';
import { until } from '../redis/until.ts';
import { ApiServer } from './api-server.ts';
import type { ControllerProcess, LogLine } from './controller-process.ts';
import { FailoverStage, type NodeName } from './failover-stage.ts';

/** A node that is away keeps its group no longer than this (ms), and not much less than a minute. */
const awayMs = 90_000;

let server: ApiServer;
before(async () => {
  server = await ApiServer.start();
  await server.applyCrd();
});
after(() => server.stop());

async function on(play: (stage: FailoverStage, controller: ControllerProcess) => Promise<void>) {
  const stage = await FailoverStage.raise({ kubeconfig: server.kubeconfig });
  try {
    const controller = stage.controller('one');
    await stage.untilLed('a');
    await stage.untilCalm(controller);
    await play(stage, controller);
  } finally {
    await stage.dispose();
  }
}

/** Everything about both servers that a controller could have changed. */
async function all(stage: FailoverStage): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const node of ['a', 'b'] as const satisfies NodeName[]) {
    const admin = await stage.server(node).admin();
    found[node] = { role: await stage.role(node), config: await admin.config('GET', '*') };
    closeAdmin(admin);
  }
  return found;
}

const gone = (stage: FailoverStage): Promise<boolean> =>
  until('the group to be gone', () => stage.isGone(), { timeoutMs: awayMs, everyMs: 100 });

const retired = (line: LogLine): boolean => line.msg.startsWith('group retired');
const forgotten = (line: LogLine): boolean => line.msg === 'group gone';

describe('A group that is deleted', { concurrency: 5 }, () => {
  test('goes, and leaves Redis exactly as it was', () =>
    on(async (stage, controller) => {
      assert.deepEqual((await stage.object())?.metadata.finalizers, ['understudy.dev/leases']);
      const before = await all(stage);
      const marks = await stage.marks();
      await stage.deleteGroup();
      await gone(stage);
      await controller.line('group retired', stage.own(retired));
      await controller.line('group gone', stage.own(forgotten));
      assert.deepEqual(await all(stage), before);
      assert.deepEqual(await stage.effects(controller, marks), []);
      await until('its connections to be gone', async () => (await connections(stage, controller)) === 0);
    }));

  test('while no controller runs, goes when one is back', () =>
    on(async (stage, controller) => {
      await controller.kill();
      const before = await all(stage);
      await stage.deleteGroup();
      assert.ok((await stage.object())?.metadata.deletionTimestamp);
      const next = stage.controller('next');
      await gone(stage);
      await next.line('group retired', stage.own(retired));
      assert.deepEqual(await all(stage), before);
      assert.deepEqual(await stage.effects(next), []);
    }));

  test('and made anew under its name at once, is looked after anew', () =>
    on(async (stage, controller) => {
      await stage.patchSpec({ primary: 'b' });
      const { epoch = 0 } = await stage.untilLed('b');
      const old = await stage.object();
      await stage.deleteGroup();
      await gone(stage);
      await stage.createGroup({ primary: 'b' });
      const status = await stage.untilLed('b');
      assert.notEqual((await stage.object())?.metadata.uid, old?.metadata.uid);
      assert.deepEqual((await stage.object())?.metadata.finalizers, ['understudy.dev/leases']);
      assert.equal(status.handledPrimary, 'b');
      assert.ok((status.epoch ?? 0) <= epoch);
      await stage.patchSpec({ primary: 'a' });
      await stage.untilLed('a');
      assert.deepEqual(await stage.roles(), { a: 'master', b: 'slave' });
      await controller.stop();
    }));

  test('while the host of a node is out of reach, goes all the same after a minute, and the log warns', () =>
    on(async (stage, controller) => {
      const spec = (await stage.object())?.spec as FailoverGroupSpec;
      // Of the machine of b nothing can be had: its folder is not there.
      const local = { directory: '/nonexistent/understudy' };
      await stage.patchSpec({
        nodes: spec.nodes.map((node) => (node.name === 'b' ? { ...node, local } : node)),
      });
      await stage.untilStatus('the edit to be seen', ({ observedGeneration = 0 }) => observedGeneration >= 2);
      const from = performance.now();
      await stage.deleteGroup();
      await gone(stage);
      console.log(
        `# deleted beside a host out of reach: gone after ${Math.round(performance.now() - from)} ms`,
      );
      const line = await controller.line('group retired', stage.own(retired));
      assert.equal(line.msg, 'group retired, leases left behind');
      assert.match(line.detail ?? '', /^b: not reached/);
      assert.deepEqual(await stage.roles(), { a: 'master', b: 'slave' });
    }));

  test('in the middle of a switchover, goes and leaves one primary', () =>
    on(async (stage, controller) => {
      const begun = controller.line('the record', stage.own(beginning), { mark: controller.mark });
      await stage.patchSpec({ primary: 'b' });
      await begun;
      await stage.deleteGroup();
      await gone(stage);
      await controller.line('group gone', stage.own(forgotten));
      const roles = Object.values(await stage.roles()).sort();
      assert.deepEqual(roles, ['master', 'slave']);
    }));
});

const beginning = ({ msg, action }: LogLine): boolean => msg === 'acted' && action === 'record';

/** How many the server has from the controller. */
async function connections(stage: FailoverStage, { address }: ControllerProcess): Promise<number> {
  const admin = await stage.server('a').admin();
  const list = String(await admin.client('LIST'));
  closeAdmin(admin);
  return list.split('\n').filter((line) => line.includes(` addr=${address}:`)).length;
}
