import assert from 'node:assert/strict';
import { confirmFencedAnnotation } from '../../../crd/annotations.ts';
import type { FencingProof } from '../../../crd/status.ts';
import { Reason } from '../../../reconcilers/reasons.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import type { Ending } from '../verdict.ts';

async function tookOverBy(stage: Stage, proof: FencingProof): Promise<Ending> {
  const { fences } = await stage.tookOver('ct101');
  assert.equal(fences?.find(({ node }) => node === 'ct100')?.proof, proof);
  await stage.written();
  return { primary: 'ct101', notReady: Reason.NoReplica, mayLose: true };
}

export const powerLossFenced: Scenario = {
  name: 'power-loss-fenced',
  about: "The primary's host loses power, and the hypervisor confirms that it is off.",
  group: { isFencedOutOfBand: true, failover: { leaseSeconds: 0 } },
  run: async (stage) => {
    await stage.lab.kill('ct100');
    return tookOverBy(stage, 'PoweredOff');
  },
};

export const powerLossLease: Scenario = {
  name: 'power-loss-lease',
  about: "The primary's host loses power, and only its lease can tell that nothing runs there any more.",
  run: async (stage) => {
    await stage.lab.kill('ct100');
    await stage.said('UnitsPlaced', Reason.WaitingForLease);
    return tookOverBy(stage, 'LeaseExpired');
  },
};

export const powerLossUnfenced: Scenario = {
  name: 'power-loss-unfenced',
  about:
    'The host loses power and nothing can prove it: the group waits and says what for, until its operator does.',
  group: { failover: { leaseSeconds: 0 } },
  failoverReady: Reason.FencingMissing,
  run: async (stage) => {
    await stage.lab.kill('ct100');
    await stage.said('Ready', Reason.FencingMissing);
    await stage.nothingMoves(3_000);
    const { message = '' } = stage.condition('Ready') ?? {};
    const order = `${confirmFencedAnnotation}: "ct100@${stage.epoch}"`;
    assert.ok(message.includes(order), `it does not say what to do: ${message}`);
    stage.edit(['metadata', 'annotations', confirmFencedAnnotation], `ct100@${stage.epoch}`);
    return tookOverBy(stage, 'OperatorConfirmed');
  },
};
