import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Effect } from '../../controller/execute/execute-action.ts';
import { executeAction } from '../../controller/execute/execute-action.ts';
import type { Reach } from '../../controller/group-nodes.ts';
import { calm, simClock, simNodes } from '../world/sim-ports.ts';
import { World } from '../world/world.ts';

const unit = 'bot.service';

function stage(): {
  world: World;
  meddling: ReturnType<typeof calm>;
  reach: Reach;
  start: Extract<Effect, { kind: 'startUnits' }>;
} {
  const world = new World(['a', 'b'], [unit]);
  const meddling = calm();
  const reach = { nodes: simNodes(world, meddling, []), clock: simClock(world), commandTimeoutMs: 500 };
  const proofs = [{ node: 'a', proof: 'Stopped' as const }];
  const start = { kind: 'startUnits' as const, node: 'b', units: [unit], epoch: 4, proofs };
  return { world, meddling, reach, start };
}

test('a unit that was started elsewhere since the plan was made is stopped there before it is started here', async () => {
  const { world, meddling, reach, start } = stage();
  world.startUnit('a', unit);
  assert.deepEqual(await executeAction(reach, start), { kind: 'done' });
  assert.deepEqual(meddling.effects, ['stop a', 'start b']);
  assert.deepEqual(world.violations, []);
});

test('a start raises the epoch at the other hosts, so that an older controller can start nothing there any more', async () => {
  const { reach, start } = stage();
  await executeAction(reach, start);
  const late: Effect = { ...start, node: 'a', epoch: 3, proofs: [] };
  const outcome = await executeAction(reach, late);
  assert.equal(outcome.kind === 'refused' && outcome.reason, 'EpochTooOld');
});

test('without a word from the host that is to prove it stopped, nothing is started', async () => {
  const { world, meddling, reach, start } = stage();
  world.cut('@host', 'a', true);
  assert.equal((await executeAction(reach, start)).kind, 'unknown');
  assert.deepEqual(meddling.effects, []);
});

test('a host that is proved to be off is not asked', async () => {
  const { world, reach, start } = stage();
  world.power('a', false);
  const proved: Effect = { ...start, proofs: [{ node: 'a', proof: 'PoweredOff' }] };
  assert.equal((await executeAction(reach, proved)).kind, 'done');
});
