import assert from 'node:assert/strict';
import { Reason } from '../../../reconcilers/reasons.ts';
import type { Scenario } from '../scenario.ts';

/** Longer than the lease, the watch's look and the unit's deadline together: whatever would stop by itself has. */
const beyondLeaseMs = 12_000;

export const cutOffFromPrimary: Scenario = {
  name: 'controller-cut-primary',
  about:
    'The controller alone loses the primary: its replica hears it, so nothing moves, and the bots outlast the lease.',
  run: async (stage) => {
    await stage.lab.cut('ct100', 'controller');
    await stage.said('PrimaryAvailable', Reason.PrimaryIsolatedFromController);
    await stage.nothingMoves(beyondLeaseMs);
    assert.equal(stage.condition('PrimaryAvailable')?.reason, Reason.PrimaryIsolatedFromController);
    await stage.lab.heal('ct100');
    await stage.settled('ct100');
    return { primary: 'ct100' };
  },
};

export const cutOffFromReplica: Scenario = {
  name: 'controller-cut-replica',
  about: 'The controller loses the replica: nothing moves, and writes go on.',
  run: async (stage) => {
    await stage.lab.cut('ct101', 'controller');
    await stage.until(
      'it is told',
      () => stage.condition('FailoverReady')?.reason === Reason.CandidateUnreachable,
    );
    await stage.written();
    await stage.nothingMoves(3_000);
    await stage.lab.heal('ct101');
    await stage.settled('ct100');
    return { primary: 'ct100' };
  },
};

export const cutOffFromBoth: Scenario = {
  name: 'controller-cut-both',
  about:
    'The controller loses both hosts for longer than the lease: the bots run on, for a replica acknowledges.',
  run: async (stage) => {
    for (const node of ['ct100', 'ct101']) await stage.lab.cut(node, 'controller');
    await stage.until('it is told', () => stage.condition('PrimaryAvailable')?.status !== 'True');
    await stage.nothingMoves(beyondLeaseMs);
    for (const node of ['ct100', 'ct101']) await stage.lab.heal(node);
    await stage.settled('ct100');
    return { primary: 'ct100' };
  },
};
