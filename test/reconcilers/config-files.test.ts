import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyMemory } from '../../reconcilers/memory.ts';
import { noteOutcome } from '../../reconcilers/progress.ts';
import type { Decision } from '../../reconcilers/reconcile.ts';
import { reconcile } from '../../reconcilers/reconcile.ts';
import type { Situation } from '../../reconcilers/situation.ts';
import { SimGroup } from '../world/sim-group.ts';

/** A converged group whose spec asks for one setting more. */
async function oneSettingMore(): Promise<Situation> {
  const group = new SimGroup(['a', 'b']);
  assert.ok(await group.settle());
  await group.pass();
  const decided = group.events.find((event) => event.kind === 'decided');
  assert.ok(decided?.kind === 'decided');
  const { spec } = decided.situation;
  return { ...decided.situation, spec: { ...spec, redis: { ...spec.redis, config: { maxmemory: '1mb' } } } };
}

/** As the servers show it once it is set, whether their files have it or not. */
function set(situation: Situation, decision: Decision): Situation {
  const nodes = situation.observation.nodes.map((node) =>
    node.redis.state === 'answers'
      ? { ...node, redis: { ...node.redis, config: { ...node.redis.config, maxmemory: '1mb' } } }
      : node,
  );
  return { ...situation, status: decision.status, observation: { ...situation.observation, nodes } };
}

const kinds = ({ actions }: Decision) =>
  actions.map((action) => ('node' in action ? `${action.kind} ${action.node}` : action.kind));

/** Only settings that a look shows are compared. */
function unset(situation: Situation): Situation {
  const nodes = situation.observation.nodes.map((node) =>
    node.redis.state === 'answers'
      ? { ...node, redis: { ...node.redis, config: { ...node.redis.config, maxmemory: '0' } } }
      : node,
  );
  return { ...situation, observation: { ...situation.observation, nodes } };
}

test('that a file is to be written is on record before anything is set', async () => {
  const decision = reconcile(unset(await oneSettingMore()));
  assert.deepEqual(kinds(decision), ['record', 'applyConfig a', 'applyConfig b']);
  assert.deepEqual(decision.status.unsaved, ['a', 'b']);
});

test('who comes after one that died between the setting and its file has the file written', async () => {
  const before = unset(await oneSettingMore());
  const after = { ...set(before, reconcile(before)), memory: emptyMemory };
  const decision = reconcile(after);
  assert.deepEqual(
    kinds(decision).filter((kind) => kind !== 'record'),
    ['persistRole a', 'persistRole b'],
  );
  assert.deepEqual(decision.status.unsaved, ['a', 'b']);
});

test('it goes off the record once the file is written, and nothing follows', async () => {
  const before = unset(await oneSettingMore());
  const first = reconcile(before);
  let { memory } = first;
  for (const action of first.actions) memory = noteOutcome(memory, action, { kind: 'done' }, before.now);
  const second = reconcile({ ...set(before, first), memory });
  assert.deepEqual(kinds(second), ['record']);
  assert.equal(second.status.unsaved, undefined);
  const third = reconcile({ ...set(before, second), memory: second.memory });
  assert.deepEqual(kinds(third), []);
});

test('an outcome that nobody knows leaves it on record', async () => {
  const before = unset(await oneSettingMore());
  const first = reconcile(before);
  const unknown = { kind: 'unknown', reason: 'OutcomeUnknown', message: 'no answer' } as const;
  let memory = first.memory;
  for (const action of first.actions)
    memory = noteOutcome(memory, action, action.kind === 'record' ? { kind: 'done' } : unknown, before.now);
  const second = reconcile({ ...set(before, first), memory });
  assert.deepEqual(kinds(second), ['persistRole a', 'persistRole b']);
});
