import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiServer } from './api-server.ts';
import { acted, type ControllerProcess, type LogLine } from './controller-process.ts';
import { FailoverStage, type StageTerms } from './failover-stage.ts';

/** What the project promises of a leader that was killed, and of one that ended cleanly (ms). */
const takeover = { killedMs: 17_000, stoppedMs: 3_000 } as const;
/** The lease of the election (ms): after so long without a renewal nobody acts on it any more. */
const leaseMs = 15_000;
/** How long the stopped leader is kept from its turn (ms). */
const frozenMs = 60_000;

let server: ApiServer;
before(async () => {
  server = await ApiServer.start();
  await server.applyCrd();
});
after(() => server.stop());

interface Pair {
  readonly stage: FailoverStage;
  readonly leader: ControllerProcess;
  readonly standby: ControllerProcess;
}

/** A led group, its leader and a standby that knows it. */
async function twoOn(terms: Partial<StageTerms>, play: (pair: Pair) => Promise<void>): Promise<void> {
  const stage = await FailoverStage.raise({ kubeconfig: server.kubeconfig, ...terms });
  try {
    const leader = stage.controller('leader');
    await leader.leads();
    await stage.untilLed('a');
    const standby = stage.controller('standby');
    await standby.follows();
    await play({ stage, leader, standby });
  } finally {
    await stage.dispose();
  }
}

const say = (what: string, ms: number): void => console.log(`# ${what}: ${Math.round(ms)} ms`);
const lost = ({ msg }: LogLine): boolean => msg === 'leads no longer';

describe('Two controllers', { concurrency: 6 }, () => {
  test('the leader is killed: the other leads within 17 s and carries out what is asked for then', () =>
    twoOn({}, async ({ stage, leader, standby }) => {
      const from = performance.now();
      await leader.kill();
      await stage.patchSpec({ primary: 'b' });
      await standby.line('acted', acted('record'), { timeoutMs: takeover.killedMs });
      say('leader killed, the other acts after', performance.now() - from);
      await stage.untilLed('b');
      assert.deepEqual(await stage.roles(), { a: 'slave', b: 'master' });
    }));

  test('the leader is killed in the middle of a switchover: the other finishes it, and no write is lost', () =>
    twoOn({ units: true }, async ({ stage, leader, standby }) => {
      const traffic = await stage.traffic();
      const mark = leader.mark;
      const begun = leader.line('the record', stage.own(acted('record')), { mark });
      await stage.patchSpec({ primary: 'b' });
      await begun;
      const from = performance.now();
      await leader.kill();
      await standby.line('acted', ({ msg }) => msg === 'acted', { timeoutMs: takeover.killedMs });
      say('leader killed in a switchover, the other acts after', performance.now() - from);
      const { history } = await stage.untilLed('b');
      assert.equal(history?.length, 1);
      assert.deepEqual(await stage.roles(), { a: 'slave', b: 'master' });
      assert.deepEqual(await stage.bots(), { on: ['b'], everTwo: false });
      assert.equal(await stage.lost(traffic, 'b'), 0);
    }));

  test('the leader is stopped cleanly: it ends with 0, and the other leads within 3 s', () =>
    twoOn({}, async ({ leader, standby }) => {
      const from = performance.now();
      const ended = leader.stop();
      await standby.line('leading', ({ msg }) => msg === 'leading', { timeoutMs: takeover.stoppedMs });
      say('leader stopped, the other leads after', performance.now() - from);
      assert.deepEqual(await ended, { code: 0, signal: null });
    }));

  test('the leader is frozen for 60 s in a steady state: it wakes up deposed, and does nothing more', () =>
    twoOn({}, async ({ stage, leader, standby }) => {
      leader.signal('SIGSTOP');
      const frozen = delay(frozenMs);
      await standby.leads();
      // The group goes on under its new leader: what the old one knows is out of date when it wakes up.
      await stage.patchSpec({ primary: 'b' });
      await stage.untilLed('b');
      await frozen;
      await wakesDeposed({ stage, leader, standby });
      const { mark } = leader;
      await standby.stop();
      await leader.leads(mark);
      await stage.patchSpec({ primary: 'a' });
      await stage.untilLed('a');
    }));

  test('the leader is frozen for 60 s in the middle of a switchover: it wakes up deposed, and does nothing more', () =>
    // Without units: hosts that are folders of one machine are locked by the process that works on them, frozen or not.
    twoOn({}, async ({ stage, leader, standby }) => {
      const traffic = await stage.traffic();
      const begun = leader.line('the record', stage.own(acted('record')), { mark: leader.mark });
      await stage.patchSpec({ primary: 'b' });
      await begun;
      leader.signal('SIGSTOP');
      const frozen = delay(frozenMs);
      await stage.untilLed('b');
      await frozen;
      await wakesDeposed({ stage, leader, standby });
      assert.equal((await stage.status()).history?.length, 1);
      assert.deepEqual(await stage.roles(), { a: 'slave', b: 'master' });
      assert.equal(await stage.lost(traffic, 'b'), 0);
    }));

  test('the leader is cut off from the API server alone: it acts no more, and only the other one fails over', async () => {
    const stage = await FailoverStage.raise({ kubeconfig: server.kubeconfig });
    try {
      const { proxy, kubeconfig } = await stage.proxy();
      const leader = stage.controller('cut-off', { kubeconfig });
      await leader.leads();
      await stage.untilLed('a');
      const standby = stage.controller('standby');
      await standby.follows();
      const from = performance.now();
      proxy.let('black hole');
      await leader.line('leads no longer', lost, { timeoutMs: leaseMs });
      say('leader cut off, it leads no longer after', performance.now() - from);
      await standby.leads();
      say('leader cut off, the other leads after', performance.now() - from);
      const marks = await stage.marks();
      await stage.server('a').kill();
      await stage.untilStatus('b leads', ({ currentPrimary, transition }) => {
        return currentPrimary === 'b' && transition === undefined;
      });
      assert.deepEqual(await stage.effects(leader, marks), []);
      const mark = leader.mark;
      proxy.let('open');
      await leader.follows(mark);
      assert.deepEqual(await stage.effects(leader, marks), []);
      await stage.server('a').restart();
      await stage.untilLed('b');
      assert.equal((await stage.effects(leader)).filter(({ node }) => node === 'a').length, 0);
    } finally {
      await stage.dispose();
    }
  });
});

/** Wakes it up: not one change comes from it, at the servers or in the status, and it follows the other. */
async function wakesDeposed({ stage, leader, standby }: Pair): Promise<void> {
  const marks = await stage.marks();
  const before = await stage.object();
  const { mark } = leader;
  leader.signal('SIGCONT');
  await leader.line('leads no longer', lost, { mark });
  const { detail = '' } = await leader.line('following', ({ msg }) => msg === 'following', { mark });
  assert.match(detail, /^standby_/);
  // What the old one would do, it would have done by then.
  await stage.looked(standby, 3, 'b');
  assert.deepEqual(await stage.effects(leader, marks), []);
  // What it had sent before it froze, it may hear of only now; a record would be a new one.
  assert.deepEqual(leader.since(mark).filter(acted('record')), []);
  assert.equal((await stage.object())?.metadata.resourceVersion, before?.metadata.resourceVersion);
}
