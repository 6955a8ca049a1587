import type { Look } from '../../controller/command-line/look.ts';
import type { Status, TransitionRecord } from '../../crd/status.ts';
import { healthyNodes, lookAt, machine, now, primary, replicaOf, settledStatus } from './look-fixture.ts';

const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString();

const failover: TransitionRecord = {
  kind: 'Failover',
  from: 'ct100',
  to: 'ct101',
  epoch: 8,
  cause: 'PrimaryProcessDead',
  startTime: ago(130),
  completionTime: ago(129.5),
  detectSeconds: 0.012,
  promoteSeconds: 0.003,
  unitsSeconds: 0.41,
  writeGapSeconds: 0.021,
  lostBytes: 1204,
  lostBytesExact: true,
  preserved: 'ct100:/var/lib/redis/preserved/2026-11-22-dump.rdb',
};

const earlier: TransitionRecord = {
  kind: 'Switchover',
  from: 'ct101',
  to: 'ct100',
  epoch: 7,
  cause: 'Requested',
  startTime: ago(90_000),
  completionTime: ago(89_999),
  writeGapSeconds: 0.006,
  lostBytes: 0,
  lostBytesExact: true,
};

const failedOverStatus: Status = {
  ...settledStatus,
  epoch: 8,
  currentPrimary: 'ct101',
  lastTransition: failover,
  history: [failover, earlier],
};

const swapped = [
  { name: 'ct100', redis: replicaOf('10.92.3.28'), host: machine('stopped') },
  { name: 'ct101', redis: primary, host: machine('running') },
];

const isDown = {
  type: 'PrimaryAvailable',
  status: 'False',
  reason: 'PrimaryHostDown',
  message: 'ct100 is down.',
  observedGeneration: 3,
  lastTransitionTime: ago(42),
} as const;

/** Every situation that a text is kept for, by the name of that text. */
export const looks: Readonly<Record<string, Look>> = {
  healthy: lookAt(),
  'no-controller': lookAt({ controllerRunning: false }),
  paused: lookAt({ spec: { paused: true } }),
  'failed-over': lookAt({ status: failedOverStatus, nodes: swapped }),
  blocked: lookAt({
    status: { ...settledStatus, conditions: [isDown] },
    nodes: [
      { name: 'ct100', redis: { state: 'silent' }, host: { state: 'silent' } },
      {
        name: 'ct101',
        redis: { ...replicaOf('10.92.3.27'), link: 'down', lastIoSeconds: 43, linkDownSeconds: 40 },
        host: machine('stopped'),
      },
    ],
  }),
  'split-brain': lookAt({
    status: failedOverStatus,
    nodes: [
      {
        name: 'ct100',
        redis: { ...primary, offset: 53_204 },
        host: machine('running'),
      },
      {
        name: 'ct101',
        redis: {
          ...primary,
          replicationId: 'id-2',
          previousReplicationId: 'id-1',
          previousEndOffset: 52_001,
          offset: 60_000,
        },
        host: machine('stopped'),
      },
    ],
  }),
  'switchover-under-way': lookAt({
    spec: { primary: 'ct101' },
    status: {
      ...settledStatus,
      epoch: 8,
      transition: {
        kind: 'Switchover',
        from: 'ct100',
        to: 'ct101',
        epoch: 8,
        fromEpoch: 7,
        step: 'StopUnits',
        cause: 'Requested',
        startTime: ago(3.2),
      },
    },
  }),
  'put-back': lookAt({
    spec: { primary: 'ct101' },
    status: {
      ...settledStatus,
      failedAttempt: {
        to: 'ct101',
        count: 2,
        reason: 'CatchUpTimeout',
        message: 'ct101 did not catch up within switchover.catchUpTimeoutSeconds.',
        time: ago(4),
        retryTime: ago(-6),
      },
    },
  }),
  'first-look': lookAt({ status: {}, nodes: healthyNodes, controllerRunning: false }),
};
