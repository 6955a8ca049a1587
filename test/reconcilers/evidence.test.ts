import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evidenceOf } from '../../reconcilers/evidence.ts';
import { emptyMemory } from '../../reconcilers/memory.ts';
import type { NodeObservation, PrimaryView, ReplicaView } from '../../reconcilers/observation.ts';
import type { Situation } from '../../reconcilers/situation.ts';
import { serverView } from '../world/server-view.ts';
import { simSpec } from '../world/sim-group.ts';

/** `c` died, and is back with a new life from offset 500 on; `a` took that up and was promoted; `b` holds the old life. */
function promoted(bHolds: number, returned = true): Situation {
  const led = { previousReplicationId: 'old', previousEndOffset: 501 };
  const c: PrimaryView = {
    ...serverView,
    role: 'primary',
    replicationId: 'next',
    offset: 510,
    replicas: [],
    ...led,
  };
  const next = { previousReplicationId: 'next', previousEndOffset: 511 };
  const a: PrimaryView = {
    ...serverView,
    role: 'primary',
    replicationId: 'of a',
    offset: 520,
    replicas: [],
    ...next,
  };
  const of = { host: 'a', port: 6379 };
  const b: ReplicaView = {
    ...serverView,
    role: 'replica',
    replicationId: 'old',
    offset: bHolds,
    of,
    link: 'down',
  };
  const host = { state: 'silent' } as const;
  const nodes: NodeObservation[] = [
    { name: 'a', redis: a, host },
    { name: 'b', redis: b, host },
    { name: 'c', redis: returned ? c : { state: 'refused' }, host },
  ];
  return {
    spec: simSpec(['a', 'b', 'c']),
    generation: 1,
    wishes: {},
    status: {
      epoch: 4,
      currentPrimary: 'c',
      primaryReplicationId: 'old',
      transition: {
        kind: 'Failover',
        from: 'c',
        to: 'a',
        epoch: 4,
        fromEpoch: 3,
        step: 'Promote',
        cause: 'PrimaryProcessDead',
        startTime: '2026-01-01T00:00:00.000Z',
      },
    },
    observation: { nodes },
    memory: emptyMemory,
    now: 0,
  };
}

test('a new primary that took up the next life of the old one holds what came before that (seed 4375)', () => {
  assert.equal(evidenceOf(promoted(400), 'a').stale, false);
  // That life began without what this one still has.
  assert.equal(evidenceOf(promoted(700), 'a').stale, true);
  assert.equal(evidenceOf(promoted(400, false), 'a').stale, true);
});
