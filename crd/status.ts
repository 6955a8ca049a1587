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
const nodeName = z.string().describe('Name of a node');
const formerPrimary = z.string().describe('Node that was primary before, when one was');
const newPrimary = z.string().describe('Node that is to be primary');
const kindOfTransition = z
  .enum(transitionKinds)
  .describe(
    'Switchover and Failback: planned. Failover: the primary was lost. Adoption: one was there already',
  );
const cause = z.string().describe('The reason that led to it');

const conditionSchema = z.strictObject({
  type: z.enum(conditionTypes).describe('What it is about'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it is so'),
  reason: z.string().describe('One CamelCase word; the same in events, logs and metrics'),
  message: z.string().describe('What is so, why, and what to do next'),
  observedGeneration: z.int().min(0).describe('The generation of the spec that it was judged by'),
  lastTransitionTime: time,
});

const lastSeenSchema = z
  .strictObject({
    replicationId: z.string().describe('The history that it wrote'),
    offset: bytes.describe('How far its replication stream had come'),
    aofBytes: bytes.optional().describe('Size of its append-only file then, when it keeps one'),
    bytesPerSecond: seconds
      .optional()
      .describe('How fast its replication stream grew, at the fastest in the minute before'),
    refusesAlone: z.boolean().optional().describe('It refuses writes without a replica that acknowledges'),
    time,
  })
  .describe('The old primary as it was last seen alive: what lost bytes are counted from');

const unheard = seconds
  .optional()
  .describe('How long the old primary may have taken writes that the new one did not hear of');

const transitionSchema = z
  .strictObject({
    kind: kindOfTransition,
    from: formerPrimary.optional(),
    to: newPrimary,
    epoch: epoch.describe('The epoch that begins with it'),
    fromEpoch: epoch.describe('The epoch before it: annotations that name it still hold'),
    step: z.enum(transitionSteps).describe('The next step to do'),
    cause,
    startTime: time,
    lastSeen: lastSeenSchema.optional(),
    unheardSeconds: unheard,
    lostBytes: bytes
      .optional()
      .describe('What the old primary, back before all is done, was seen to have alone'),
    lostBytesExact: z.boolean().optional().describe('false: an estimate'),
  })
  .describe('A change of primary under way; recorded before its first irreversible step');

const transitionRecordSchema = z.strictObject({
  kind: kindOfTransition,
  from: formerPrimary.optional(),
  to: z.string().describe('Node that became primary'),
  epoch: epoch.describe('The epoch that began with it'),
  cause,
  startTime: time,
  completionTime: time,
  detectSeconds: seconds.optional().describe('From the last sign of life to the decision'),
  fenceSeconds: seconds.optional().describe('How long it took to prove the old primary off'),
  promoteSeconds: seconds.optional().describe('From the decision to the new primary'),
  unitsSeconds: seconds.optional().describe('From the first stopped unit to the last started one'),
  writeGapSeconds: seconds
    .optional()
    .describe('From the last moment the old primary took writes to the first of the new'),
  lastSeen: lastSeenSchema.optional(),
  unheardSeconds: unheard,
  lostBytes: bytes.optional().describe('Bytes of the replication stream that the new primary never had'),
  lostBytesExact: z
    .boolean()
    .optional()
    .describe(
      'false: an estimate by the pace that it was seen to write at, since the old process died with its count',
    ),
  preservedBytes: bytes.optional().describe('Size of that copy'),
  preserved: z.string().optional().describe('Where the diverged data was kept: node:path'),
});

const unitStatusSchema = z
  .strictObject({
    name: z.string().describe('Name of the unit'),
    state: z.string().describe('What it does there, as last seen'),
  })
  .describe('A unit on the node');

const leaseSchema = z
  .strictObject({
    state: z
      .enum(['armed', 'carryingOn', 'expired', 'absent'])
      .describe(
        'armed: it runs. carryingOn: over, a replica is attached. expired: over, units stopped, writes refused',
      ),
    seconds: seconds.describe('How long it lasts after a renewal'),
  })
  .describe('The dead-man watch of the node, as last seen');

const preservedSchema = z
  .strictObject({
    node: nodeName,
    path: z.string().describe('Path of the copy on its host'),
    bytes: bytes.describe('Size of the copy'),
    epoch: epoch.describe('The epoch in which its data was set aside'),
  })
  .describe('A copy of diverged data');

const nodeFields = z.strictObject({
  name: nodeName,
  role: z.enum(['primary', 'replica', 'unknown']).describe('What its Redis says it is'),
  reachable: z.boolean().describe('Whether its Redis answers'),
  inSync: z.boolean().optional().describe('Was in sync with the primary of this epoch when last looked at'),
  linkStatus: z.enum(['up', 'down', 'syncing']).optional().describe('Its replication link to the primary'),
  lagBytes: bytes
    .optional()
    .describe('Bytes it was behind the primary when something else was last written here'),
  lastIoSecondsAgo: seconds.optional().describe('How long it had not heard of the primary then'),
  usedMemoryBytes: bytes.optional().describe('Memory that its data took then'),
  reason: z.string().optional().describe('What is wrong with it'),
  lease: leaseSchema.optional(),
  units: z.array(unitStatusSchema).optional().describe('The units of the group on this node'),
});
const nodeStatusSchema = nodeFields.describe('A node as last seen');

const fenceSchema = z
  .strictObject({
    node: nodeName,
    proof: z.enum(fencingProofs).describe('What proves that it is off'),
    epoch: epoch.describe('The epoch in which it was proved'),
    time,
  })
  .describe('A node that was proved to be off');

const attemptSchema = z
  .strictObject({
    to: newPrimary,
    back: z.string().optional().describe('Where the stage is to be given back to, while that is not done'),
    count: z.int().min(1).describe('How often it was tried'),
    reason: z.string().describe('Why it could not finish, in one word'),
    message: z.string().describe('Why it could not finish, and what to do'),
    time,
    fromEpoch: epoch
      .optional()
      .describe('The epoch that the attempt began in: a failback asked for it is still asked for'),
    retryTime: time,
  })
  .describe('The last switchover that could not finish and was put back');

export const statusSchema = z.strictObject({
  observedGeneration: z.int().min(0).optional().describe('The generation of the spec that was last acted on'),
  epoch: epoch.optional().describe('+1 for every change of primary'),
  currentPrimary: z.string().optional().describe('Node that is primary now'),
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
  demoting: z.array(nodeName).optional().describe('Former primaries whose demotion may not be complete yet'),
  unsaved: z
    .array(nodeName)
    .optional()
    .describe('Nodes whose config file may not have yet what was set there'),
  stoppedRedis: z
    .array(nodeName)
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
  lapsedAnswers: z
    .array(z.string().describe('annotation=value'))
    .optional()
    .describe('Annotations whose question is over: as they stand they answer no later one'),
  fences: z.array(fenceSchema).optional().describe('Nodes proved to be off, and how'),
  conditions: z
    .array(conditionSchema.describe('One thing that is so or not'))
    .optional()
    .describe('What is so, each with its reason; Ready sums them up'),
  nodes: z.array(nodeStatusSchema).optional().describe('The nodes as last seen'),
  lastTransition: transitionRecordSchema.optional().describe('The last change of primary that was completed'),
  history: z
    .array(transitionRecordSchema.describe('A change of primary'))
    .optional()
    .describe('The last 20 changes, newest first'),
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
