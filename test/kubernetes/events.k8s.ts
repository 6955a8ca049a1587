import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { endProcess, startProcess } from '../world/sim-redis.ts';
import { ApiServer } from './api-server.ts';
import { SimStage } from './sim-stage.ts';

const server = await ApiServer.start();
await server.applyCrd();
after(() => server.stop());

/** The reasons of the group's Events: named, and so listed, in the order in which they were first told. */
async function reasons(stage: SimStage): Promise<string[]> {
  return (await stage.list('events')).map(({ reason }) => String(reason));
}

test('kubectl describe tells the story of a failover and of the way back', async () => {
  const stage = await SimStage.raise(server.kubeconfig);
  try {
    await stage.createGroup();
    await stage.run();
    await stage.untilSo('Ready', 'True');
    endProcess(stage.world.get('a'), 'crashed', stage.world.now);
    await stage.untilSo('UnitsPlaced', 'True');
    await stage.until('b leads', async () => stage.store.get(stage.key)?.status.currentPrimary === 'b');
    startProcess(stage.world.get('a'), stage.world.now);
    await stage.untilSo('Ready', 'True');
    // It was well before, too.
    await stage.until('the end of the story', async () =>
      (await stage.list('events')).some(({ reason, count }) => reason === 'Converged' && count === 2),
    );
    const all = await reasons(stage);
    const story = all.slice(all.indexOf('PrimaryProcessDead'));
    const expected = ['PrimaryProcessDead', 'FailoverStarted', 'NoReplica', 'FailoverCompleted', 'Placed'];
    assert.deepEqual(
      story.filter((reason) => expected.includes(reason)),
      expected,
    );
    const text = await stage.kubectl('describe', 'fg', stage.name);
    const described = text.slice(text.indexOf('\nEvents:'));
    for (const reason of all) assert.match(described, new RegExp(`^ +(Normal|Warning) +${reason} `, 'm'));
    assert.match(described, /Failover from a to b is done in epoch \d+: detected in /);
    assert.match(described, /Converged .*\(x2 over /);
  } finally {
    await stage.dispose();
  }
});

test('the same thing again raises the count of its Event', async () => {
  const stage = await SimStage.raise(server.kubeconfig);
  try {
    await stage.createGroup();
    await stage.run();
    await stage.untilSo('Ready', 'True');
    for (let times = 0; times < 3; times += 1) {
      await stage.patchGroup({ spec: { paused: true } });
      await stage.untilSo('Paused', 'True');
      await stage.patchGroup({ spec: { paused: false } });
      await stage.untilSo('Paused', 'False');
    }
    const paused = await stage.until('three times', async () => {
      const events = await stage.list('events');
      return events.find(({ reason, count }) => reason === 'Paused' && count === 3);
    });
    assert.equal(paused.type, 'Normal');
    const all = await stage.list('events');
    assert.equal(all.filter(({ reason }) => reason === 'Paused').length, 1);
    assert.deepEqual(paused.source, { component: 'understudy', host: 'sim' });
  } finally {
    await stage.dispose();
  }
});
