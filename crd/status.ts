import { z } from 'zod';

/** The steps a change of primary goes through; `status.transition.step` names the next one to do. */
const transitionSteps = ['StopUnits', 'Fence', 'HandOver', 'Promote', 'StartUnits', 'Repoint'] as const;
const transitionKinds = ['Switchover', 'Failover', 'Failback', 'Adoption'] as const;
const fencingProofs = ['Stopped', 'PoweredOff', 'LeaseExpired', 'OperatorConfirmed'] as const;
const conditionTypes = [
  'Ready',
  'PrimaryAvailable',
  'PrimaryAsRequested',
  'ReplicaInSync',
  'UnitsPlaced',
  'FailoverReady',
  'Paused',
] as const;

const time = z.string().describe('RFC 3339, UTC');
const seconds = z.number().min(0);
const bytes = z.int().min(0);
const epoch = z.int().min(0);

const conditionSchema = z.strictObject({
  type: z.enum(conditionTypes),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().describe('One CamelCase word; the same in events, logs and metrics'),
  message: z.string().describe('What is so, why, and what to do next'),
  observedGeneration: z.int().min(0),
  lastTransitionTime: time,
});

const lastSeenSchema = z
  .strictObject({
    replicationId: z.string(),
    offset: bytes,
    aofBytes: bytes.optional().describe('Size of its append-only file then, when it keeps one'),
    bytesPerSecond: seconds.optional().describe('How fast its replication stream grew'),
    refusesAlone: z.boolean().optional().describe('It refuses writes without a replica that acknowledges'),
    time,
  })
  .describe('The old primary as it was last seen alive: what lost bytes are counted from');

const transitionSchema = z
  .strictObject({
    kind: z.enum(transitionKinds),
    from: z.string().optional(),
    to: z.string(),
    epoch,
    fromEpoch: epoch.describe('The epoch before it: annotations that name it still hold'),
    step: z.enum(transitionSteps),
    cause: z.string().describe('The reason that led to it'),
    startTime: time,
    lastSeen: lastSeenSchema.optional(),
  })
  .describe('A change of primary under way; recorded before its first irreversible step');

const transitionRecordSchema = z.strictObject({
  kind: z.enum(transitionKinds),
  from: z.string().optional(),
  to: z.string(),
  epoch,
  cause: z.string(),
  startTime: time,
  completionTime: time,
  detectSeconds: seconds.optional().describe('From the last sign of life to the decision'),
  fenceSeconds: seconds.optional(),
  promoteSeconds: seconds.optional().describe('From the decision to the new primary'),
  unitsSeconds: seconds.optional().describe('From the first stopped unit to the last started one'),
  writeGapSeconds: seconds
    .optional()
    .describe('From the last moment the old primary took writes to the first of the new'),
  lastSeen: lastSeenSchema.optional(),
  lostBytes: bytes.optional().describe('Bytes of the replication stream that the new primary never had'),
  lostBytesExact: z
    .boolean()
    .optional()
    .describe('false: an estimate from above, since the old process died with its count'),
  preservedBytes: bytes.optional().describe('Size of that copy'),
  preserved: z.string().optional().describe('Where the diverged data was kept: node:path'),
});

const unitStatusSchema = z.strictObject({ name: z.string(), state: z.string() });

const leaseSchema = z
  .strictObject({
    state: z.enum(['armed', 'carryingOn', 'expired', 'absent']),
    seconds: seconds.describe('How long it lasts after a renewal'),
  })
  .describe('The dead-man watch of the node, as last seen');

const preservedSchema = z.strictObject({
  node: z.string(),
  path: z.string(),
  bytes,
  epoch: epoch.describe('The epoch in which its data was set aside'),
});

const nodeStatusSchema = z.strictObject({
  name: z.string(),
  role: z.enum(['primary', 'replica', 'unknown']),
  reachable: z.boolean(),
  inSync: z.boolean().optional().describe('Was in sync with the primary of this epoch when last looked at'),
  linkStatus: z.enum(['up', 'down', 'syncing']).optional(),
  lagBytes: bytes.optional(),
  lastIoSecondsAgo: seconds.optional(),
  usedMemoryBytes: bytes.optional(),
  reason: z.string().optional().describe('What is wrong with it'),
  lease: leaseSchema.optional(),
  units: z.array(unitStatusSchema).optional(),
});

const fenceSchema = z.strictObject({ node: z.string(), proof: z.enum(fencingProofs), epoch, time });

const attemptSchema = z
  .strictObject({
    to: z.string(),
    back: z.string().optional().describe('Where the stage is to be given back to, while that is not done'),
    count: z.int().min(1),
    reason: z.string(),
    message: z.string(),
    time,
    fromEpoch: epoch
      .optional()
      .describe('The epoch that the attempt began in: a failback asked for it is still asked for'),
    retryTime: time,
  })
  .describe('The last switchover that could not finish and was put back');

export const statusSchema = z.strictObject({
  observedGeneration: z.int().min(0).optional(),
  epoch: epoch.optional().describe('+1 for every change of primary'),
  currentPrimary: z.string().optional(),
  primaryReplicationId: z
    .string()
    .optional()
    .describe('The history that the current primary writes: a replica that follows it holds its data'),
  handledPrimary: z.string().optional().describe('The value of spec.primary last carried out or overtaken'),
  replicaLagBytes: bytes
    .optional()
    .describe(
      'The largest lag of a replica: 0 up to maxLagBytes, its order of magnitude beyond; exact in metrics',
    ),
  transition: transitionSchema.optional(),
  failedAttempt: attemptSchema.optional(),
  demoting: z
    .array(z.string())
    .optional()
    .describe('Former primaries whose demotion may not be complete yet'),
  stoppedRedis: z
    .array(z.string())
    .optional()
    .describe('Nodes whose Redis was stopped to fence it, and is to be started again'),
  passwordRotation: z
    .strictObject({ startTime: time })
    .optional()
    .describe('The password was changed: nodes take both until each one uses the new one'),
  preserved: z
    .array(preservedSchema)
    .optional()
    .describe('Copies of diverged data that were set aside, newest first; the last 20'),
  fences: z.array(fenceSchema).optional().describe('Nodes proved to be off, and how'),
  conditions: z.array(conditionSchema).optional(),
  nodes: z.array(nodeStatusSchema).optional(),
  lastTransition: transitionRecordSchema.optional(),
  history: z.array(transitionRecordSchema).optional().describe('The last 20 changes, newest first'),
});

export type Status = z.infer<typeof statusSchema>;
export type Condition = z.infer<typeof conditionSchema>;
export type ConditionType = (typeof conditionTypes)[number];
export type Transition = z.infer<typeof transitionSchema>;
export type TransitionKind = (typeof transitionKinds)[number];
export type TransitionStep = (typeof transitionSteps)[number];
export type TransitionRecord = z.infer<typeof transitionRecordSchema>;
export type NodeStatus = z.infer<typeof nodeStatusSchema>;
export type Fence = z.infer<typeof fenceSchema>;
export type FencingProof = (typeof fencingProofs)[number];
export type FailedAttempt = z.infer<typeof attemptSchema>;
export type LastSeen = z.infer<typeof lastSeenSchema>;
