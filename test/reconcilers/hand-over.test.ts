import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handOver } from '../../controller/execute/hand-over.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import type { Meddling } from '../world/sim-ports.ts';
import { calm, simClock, simNodes } from '../world/sim-ports.ts';
import { becomeReplica } from '../world/sim-redis.ts';
import { World } from '../world/world.ts';

type Fault =
  | 'unknownApplied'
  | 'unknownNotApplied'
  | 'cutOld'
  | 'cutNew'
  | 'oldHangs'
  | 'newHangs'
  | 'newRestarts'
  | 'newLags'
  | 'slow';
const faults: readonly Fault[] = [
  'unknownApplied',
  'unknownNotApplied',
  'cutOld',
  'cutNew',
  'oldHangs',
  'newHangs',
  'newLags',
  'slow',
];

const budgetMs = 1_500;

interface Trial {
  readonly world: World;
  readonly meddling: Meddling;
  readonly commands: string[];
  outcome: Outcome;
}

function pair(): World {
  const world = new World(['old', 'new'], []);
  becomeReplica(world.get('new'), 'old', world.now);
  world.advance(10);
  world.advance(5_000);
  world.advance(1);
  for (let write = 0; write < 5; write += 1) world.write();
  world.advance(1);
  return world;
}

function strike(trial: Pick<Trial, 'world' | 'meddling'>, fault: Fault, node: string): void {
  const { world, meddling } = trial;
  if (fault === 'unknownApplied' || fault === 'unknownNotApplied')
    meddling.unknowns.push({ node, applied: fault === 'unknownApplied' });
  if (fault === 'cutOld') world.cut('@', 'old', true);
  if (fault === 'cutNew') world.cut('@', 'new', true);
  if (fault === 'oldHangs') world.get('old').process = 'hung';
  if (fault === 'newHangs') world.get('new').process = 'hung';
  if (fault === 'newLags') world.get('new').lagging = true;
  if (fault === 'slow') world.advance(900);
}

/** Hands over while clients write before every command, with faults at the given commands. */
async function attempt(strikes: ReadonlyMap<number, Fault>): Promise<Trial> {
  const world = pair();
  const meddling = calm();
  const commands: string[] = [];
  meddling.between = (command, node) => {
    const fault = strikes.get(commands.length);
    commands.push(`${command} ${node}`);
    if (fault !== undefined) strike({ world, meddling }, fault, node);
    world.write();
    world.advance(0.05);
    const leading = ['old', 'new'].filter((name) => world.get(name).role === 'primary');
    assert.ok(leading.length < 2, `two primaries before ${commands.at(-1)}: ${commands.join(', ')}`);
  };
  const outcome = await fromOldToNew(world, meddling);
  return { world, meddling, commands, outcome };
}

async function fromOldToNew(
  world: World,
  meddling: Meddling,
  epoch = 1,
  history = world.get('old').data.replicationId,
): Promise<Outcome> {
  const nodes = simNodes(world, meddling, []);
  const [from, to] = [nodes.get('old'), nodes.get('new')];
  assert.ok(from !== undefined && to !== undefined);
  const reach = { nodes, clock: simClock(world), commandTimeoutMs: 500 };
  return handOver(reach, from, to, { epoch, budgetMs, history });
}

/** What must be so after any attempt, whatever went wrong in it. */
function inspect(trial: Trial, what: string): void {
  const { world, outcome } = trial;
  const [old, next] = [world.get('old'), world.get('new')];
  const primaries = [old, next].filter((redis) => redis.role === 'primary');
  assert.ok(primaries.length < 2, `${what}: two primaries`);
  // Whoever holds the most may be promoted next: no acknowledged write may be missing there.
  const most = old.data.offset > next.data.offset ? old : next;
  const leader = primaries[0] ?? most;
  const lost = [...world.acknowledged].filter((write) => !leader.data.log.includes(write));
  assert.deepEqual(lost, [], `${what}: writes lost, outcome ${JSON.stringify(outcome)}`);
  if (outcome.kind === 'done') {
    assert.equal(next.role, 'primary', what);
    assert.deepEqual([old.role, old.of, old.pausedUntil], ['replica', 'new', 0], what);
  }
  if (outcome.kind === 'refused') {
    assert.equal(old.role, 'primary', what);
    assert.equal(next.of, 'old', what);
    const reachable = old.process === 'running' && world.reaches('@', 'old');
    if (reachable)
      assert.ok(
        old.pausedUntil <= world.now || trial.meddling.unknowns.length > 0 || /run out/.test(outcome.message),
        `${what}: refused, and writes stay paused`,
      );
  }
}

test('handOver demotes the old primary before it promotes the new one, and only when every write has arrived', async () => {
  const trial = await attempt(new Map());
  assert.equal(trial.outcome.kind, 'done');
  inspect(trial, 'undisturbed');
  const order = trial.commands.filter((command) => !command.startsWith('position'));
  assert.deepEqual(order, [
    'resume new',
    'pause old',
    'follow old',
    'promote new',
    'resume old',
    'dropClients old',
  ]);
  const demoted = trial.commands.indexOf('follow old');
  assert.deepEqual(
    trial.commands.slice(demoted - 2, demoted),
    ['position new', 'position old'],
    'the last looks before the demotion',
  );
});

test('handOver asks the replica itself until its own offset has arrived', async () => {
  const world = pair();
  const meddling = calm();
  world.get('new').lagging = true;
  world.write();
  let polls = 0;
  meddling.between = (command, node) => {
    if (command === 'position' && node === 'new') polls += 1;
    if (polls === 20) world.get('new').lagging = false;
    if (command === 'follow')
      assert.equal(
        world.get('new').data.offset,
        world.get('old').data.offset,
        'demoted before the replica had everything',
      );
  };
  const outcome = await fromOldToNew(world, meddling);
  assert.equal(outcome.kind, 'done');
  assert.ok(polls >= 20);
});

test('handOver ends when the old primary dies while its replica catches up', async () => {
  // Chaos, seed 22: it died, came back empty and wiped its replica, and the budget was waited out meanwhile.
  for (const end of ['dies', 'comes back empty'] as const) {
    const world = pair();
    const meddling = calm();
    world.get('new').lagging = true;
    world.write();
    let polls = 0;
    meddling.between = (command, node) => {
      if (command === 'position' && node === 'new') polls += 1;
      if (polls !== 30) return;
      const old = world.get('old');
      if (end === 'dies') old.process = 'crashed';
      else old.data = { ...old.data, replicationId: 'another', offset: 0, log: [] };
    };
    const outcome = await fromOldToNew(world, meddling);
    assert.notEqual(outcome.kind, 'done', end);
    assert.ok(polls <= 60, `${end}: ${polls} polls`);
  }
});

test('handOver of a primary that restarted since it was looked at changes nothing (seed 5204)', async () => {
  const world = pair();
  const { replicationId: history } = world.get('old').data;
  world.get('old').data = { ...world.get('old').data, replicationId: 'another', offset: 0, log: [] };
  const outcome = await fromOldToNew(world, calm(), 1, history);
  assert.equal(outcome.kind === 'refused' && outcome.reason, 'RoleChanged');
  const { role, pausedUntil } = world.get('old');
  assert.deepEqual([role, pausedUntil, world.get('new').role], ['primary', 0, 'replica']);
});

test('handOver that cannot fit into its pause is rolled back and says so', async () => {
  const trial = await attempt(new Map([[0, 'newLags' as const]]));
  assert.equal(trial.outcome.kind, 'refused');
  assert.equal(trial.outcome.kind === 'refused' && trial.outcome.reason, 'CatchUpTimeout');
  inspect(trial, 'a replica that stays behind');
  assert.equal(trial.world.get('old').pausedUntil, 0);
});

test('handOver under an epoch that a node has passed changes nothing', async () => {
  const world = pair();
  const meddling = calm();
  world.get('new').claimed = 9;
  const outcome = await fromOldToNew(world, meddling, 8);
  assert.equal(outcome.kind === 'refused' && outcome.reason, 'EpochTooOld');
  assert.deepEqual(meddling.effects, []);
});

test('handOver is safe against every fault, and every pair of faults, at every command', async () => {
  const { commands } = await attempt(new Map());
  let trials = 0;
  for (let first = 0; first < commands.length + 2; first += 1)
    for (const one of faults) {
      inspect(await attempt(new Map([[first, one]])), `${one} at ${first}`);
      for (let second = first + 1; second < commands.length + 4; second += 1)
        for (const two of faults) {
          inspect(
            await attempt(
              new Map([
                [first, one],
                [second, two],
              ]),
            ),
            `${one} at ${first}, ${two} at ${second}`,
          );
          trials += 1;
        }
    }
  assert.ok(trials > 1_000, `${trials} pairs`);
});
