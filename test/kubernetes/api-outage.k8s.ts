import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiServer } from './api-server.ts';
import { acted, type ControllerProcess, type LogLine } from './controller-process.ts';
import { FailoverStage, type StageTerms } from './failover-stage.ts';

/** How long the API server is away (ms). */
const outageMs = 30_000;

let server: ApiServer;
before(async () => {
  server = await ApiServer.start();
  await server.applyCrd();
});
after(() => server.stop());

let away = false;

async function takeAway(): Promise<void> {
  away = true;
  await server.killApiServer();
}

async function bringBack(): Promise<void> {
  if (away) await server.startApiServer();
  away = false;
}

interface Led {
  readonly stage: FailoverStage;
  readonly controller: ControllerProcess;
}

/** So many groups, each with a controller of its own that leads it. */
async function on(
  count: number,
  play: (led: readonly Led[]) => Promise<void>,
  terms: Partial<StageTerms> = {},
): Promise<void> {
  const led: Led[] = [];
  try {
    for (let index = 0; index < count; index += 1) {
      const stage = await FailoverStage.raise({ kubeconfig: server.kubeconfig, ...terms });
      led.push({ stage, controller: stage.controller('one') });
    }
    await Promise.all(led.map(({ stage }) => stage.untilLed('a')));
    await Promise.all(led.map(({ stage, controller }) => stage.untilCalm(controller)));
    await play(led);
  } finally {
    // What a test that failed left away is missed by the next.
    await bringBack();
    await Promise.all(led.map(({ stage }) => stage.dispose()));
  }
}

/** A record that could not be made. */
const unrecorded = (line: LogLine): boolean =>
  line.msg === 'acted' && line.action === 'record' && line.outcome !== 'done';

/** The moments of a switchover at which the server dies. */
const moments: readonly { readonly when: string; readonly line: (line: LogLine) => boolean }[] = [
  { when: 'when the switchover is on record', line: acted('record') },
  { when: 'between the record and the end', line: acted('handOver') },
];

describe('The API server', () => {
  test('is away for 30 s: nothing is changed meanwhile, not even for a Redis that dies; afterwards all is made good', () =>
    on(3, async ([steady, crash, late]) => {
      if (steady === undefined || crash === undefined || late === undefined) return;
      const marks = await steady.stage.marks();
      const { mark } = crash.controller;
      await takeAway();
      const lateCrash = delay((2 * outageMs) / 3);
      const back = delay(outageMs);
      await crash.stage.server('a').kill();
      const { detail } = await crash.controller.line('that it cannot record', unrecorded, { mark });
      assert.match(detail ?? '', /nothing is changed until status can be recorded/);
      await crash.controller.line('leads no longer', ({ msg }) => msg === 'leads no longer', { mark });
      await lateCrash;
      await late.stage.server('a').kill();
      await back;
      assert.equal(await crash.stage.role('b'), 'slave');
      assert.equal(await late.stage.role('b'), 'slave');
      const acts = crash.controller.since(mark).filter(({ msg }) => msg === 'acted');
      assert.deepEqual(
        acts.filter((line) => !unrecorded(line)),
        [],
      );
      await bringBack();
      const from = performance.now();
      for (const { stage } of [crash, late]) {
        await stage.untilStatus('b leads', ({ currentPrimary, transition }) => {
          return currentPrimary === 'b' && transition === undefined;
        });
        assert.equal(await stage.role('b'), 'master');
      }
      console.log(`# API server back: failed over after ${Math.round(performance.now() - from)} ms`);
      await steady.stage.looked(steady.controller, 3, 'a');
      assert.deepEqual(await steady.stage.effects(steady.controller, marks), []);
    }));

  for (const { when, line } of moments)
    test(`is killed ${when}: it ends as it was asked for, with one primary and no write lost`, () =>
      on(
        1,
        async ([led]) => {
          if (led === undefined) return;
          const { stage, controller } = led;
          const traffic = await stage.traffic();
          const come = controller.line(when, stage.own(line), { mark: controller.mark });
          await stage.patchSpec({ primary: 'b' });
          await come;
          await takeAway();
          await bringBack();
          const { handledPrimary, history } = await stage.untilLed('b');
          assert.equal(handledPrimary, 'b');
          assert.equal(history?.length, 1);
          assert.deepEqual(await stage.roles(), { a: 'slave', b: 'master' });
          assert.deepEqual(await stage.bots(), { on: ['b'], everTwo: false });
          assert.equal(await stage.lost(traffic, 'b'), 0);
        },
        { units: true },
      ));

  test('is killed the moment it has taken the edit: it is carried out when it is back', () =>
    on(1, async ([led]) => {
      if (led === undefined) return;
      const { stage } = led;
      const traffic = await stage.traffic();
      await stage.patchSpec({ primary: 'b' });
      await takeAway();
      await bringBack();
      await stage.untilLed('b');
      assert.deepEqual(await stage.roles(), { a: 'slave', b: 'master' });
      assert.equal(await stage.lost(traffic, 'b'), 0);
    }));

  test('has its etcd started anew, in a steady state and in a switchover: nothing is lost and edits are seen', () =>
    on(2, async ([steady, moved]) => {
      if (steady === undefined || moved === undefined) return;
      const marks = await steady.stage.marks();
      const traffic = await moved.stage.traffic();
      const { controller, stage } = moved;
      const begun = controller.line('the record', stage.own(acted('record')), { mark: controller.mark });
      await stage.patchSpec({ primary: 'b' });
      await begun;
      await server.restartEtcd();
      await stage.untilLed('b');
      assert.equal(await stage.lost(traffic, 'b'), 0);
      await steady.stage.looked(steady.controller, 2, 'a');
      assert.deepEqual(await steady.stage.effects(steady.controller, marks), []);
      await steady.stage.patchSpec({ primary: 'b' });
      await steady.stage.untilLed('b');
    }));
});
