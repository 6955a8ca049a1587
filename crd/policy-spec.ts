import { z } from 'zod';
import { bytes, seconds, wholeSeconds } from './field-formats.ts';
import { checkAcross } from './partial-check.ts';

// Above 0, the lease must outlive a few probes (1 s) and one slow round trip.
const shortestLeaseSeconds = 5;

const leaseSeconds = checkAcross(wholeSeconds, (value) =>
  typeof value === 'number' && value > 0 && value < shortestLeaseSeconds
    ? [{ path: [], message: `is ${value}, but must be 0 (off) or at least ${shortestLeaseSeconds}` }]
    : [],
).meta({
  'x-kubernetes-validations': [
    {
      rule: `self == 0 || self >= ${shortestLeaseSeconds}`,
      message: `leaseSeconds must be 0 (off) or at least ${shortestLeaseSeconds}`,
    },
  ],
});

export const failoverSpec = z.strictObject({
  mode: z
    .enum(['Automatic', 'Manual'])
    .default('Automatic')
    .describe('Automatic: fail over once there is proof. Manual: only report what would be done.'),
  unreachableAfterSeconds: seconds
    .default(5)
    .describe('How long a node may be silent before that counts. Silence is never proof of death.'),
  stoppedGraceSeconds: seconds
    .default(3)
    .describe('How long to wait after Redis was stopped cleanly: it may be a restart.'),
  maxLagBytes: bytes
    .default(1_000_000)
    .describe('A replica that is further behind than this, in bytes, is not promoted.'),
  cooldownSeconds: wholeSeconds
    .default(300)
    .describe('How long after a change of primary no automatic failover may follow.'),
  fencing: z
    .enum(['Required', 'BestEffort'])
    .default('Required')
    .describe(
      'Required: units start only when they are proved stopped everywhere else. BestEffort: try, then go on.',
    ),
  leaseSeconds: leaseSeconds
    .default(15)
    .describe(
      'After so many seconds without the controller a node looks for itself whether it must stop. 0: off, else at least 5.',
    ),
});

export const switchoverSpec = z.strictObject({
  catchUpTimeoutSeconds: wholeSeconds
    .default(10)
    .describe('How long the new primary may take to catch up before the switchover is put back.'),
});

export const failbackSpec = z.strictObject({
  policy: z
    .enum(['Manual', 'Automatic'])
    .default('Manual')
    .describe(
      'Manual: after a failover nothing moves back by itself. Automatic: it does once the node has been well.',
    ),
  stableSeconds: wholeSeconds
    .default(300)
    .describe('How long the requested primary must have been well before an automatic failback.'),
});
