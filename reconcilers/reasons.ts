/**
 * Every reason there is, shared by conditions, events, logs, metrics and tests. The text says what to do
 * next and is what `understudy status` prints under a condition that is not as it should be.
 */
export const Reason = {
  // all is well
  AsRequested: 'AsRequested',
  Converged: 'Converged',
  InSync: 'InSync',
  NotPaused: 'NotPaused',
  Placed: 'Placed',
  NoUnits: 'NoUnits',
  WouldSucceed: 'WouldSucceed',
  // what the analysis found of the primary
  PrimaryAlive: 'PrimaryAlive',
  PrimaryProcessDead: 'PrimaryProcessDead',
  PrimaryStopped: 'PrimaryStopped',
  PrimaryPortClosed: 'PrimaryPortClosed',
  PrimaryHung: 'PrimaryHung',
  PrimaryHostDown: 'PrimaryHostDown',
  PrimaryNotAnswering: 'PrimaryNotAnswering',
  PrimaryIsolatedFromController: 'PrimaryIsolatedFromController',
  PrimaryUnreachable: 'PrimaryUnreachable',
  PrimaryRestartedStale: 'PrimaryRestartedStale',
  PrimaryDemoted: 'PrimaryDemoted',
  FollowsStranger: 'FollowsStranger',
  PrimaryLoading: 'PrimaryLoading',
  PrimaryUnauthorised: 'PrimaryUnauthorised',
  PrimaryDiskFailing: 'PrimaryDiskFailing',
  PrimaryUnusable: 'PrimaryUnusable',
  NoPrimaryKnown: 'NoPrimaryKnown',
  SplitBrain: 'SplitBrain',
  SplitBrainUndecided: 'SplitBrainUndecided',
  OtherFailoverAgent: 'OtherFailoverAgent',
  // why a node may not lead
  CandidateUnreachable: 'CandidateUnreachable',
  CandidateNotReplica: 'CandidateNotReplica',
  CandidateLinkDown: 'CandidateLinkDown',
  CandidateSyncing: 'CandidateSyncing',
  CandidateNeverInSync: 'CandidateNeverInSync',
  CandidateHistoryUnknown: 'CandidateHistoryUnknown',
  CandidateTooFarBehind: 'CandidateTooFarBehind',
  CandidateStalenessUnknown: 'CandidateStalenessUnknown',
  CandidateDiskFailing: 'CandidateDiskFailing',
  CandidatePriorityZero: 'CandidatePriorityZero',
  CandidateHostSilent: 'CandidateHostSilent',
  CandidateUnitMissing: 'CandidateUnitMissing',
  NoEligibleCandidate: 'NoEligibleCandidate',
  // why nothing is done now
  Paused: 'Paused',
  FailoverIsManual: 'FailoverIsManual',
  CoolingDown: 'CoolingDown',
  WaitingForProof: 'WaitingForProof',
  FencingMissing: 'FencingMissing',
  WaitingForLease: 'WaitingForLease',
  RetryingLater: 'RetryingLater',
  OldPrimaryHostSilent: 'OldPrimaryHostSilent',
  FailedOver: 'FailedOver',
  SwitchoverInProgress: 'SwitchoverInProgress',
  FailoverInProgress: 'FailoverInProgress',
  FailbackInProgress: 'FailbackInProgress',
  AdoptionInProgress: 'AdoptionInProgress',
  PreserveImpossible: 'PreserveImpossible',
  SettingRefused: 'SettingRefused',
  // units
  UnitsNotProvedStopped: 'UnitsNotProvedStopped',
  UnitsMisplaced: 'UnitsMisplaced',
  UnitsStarting: 'UnitsStarting',
  UnitsNotRunning: 'UnitsNotRunning',
  UnitsWaitForPrimary: 'UnitsWaitForPrimary',
  // replicas
  ReplicaLagging: 'ReplicaLagging',
  NoReplica: 'NoReplica',
  // readiness for a failover
  UnitEnabledAtBoot: 'UnitEnabledAtBoot',
  RedisRestartsItself: 'RedisRestartsItself',
  HostUnusable: 'HostUnusable',
  LoginWrong: 'LoginWrong',
  NoRoomForCopy: 'NoRoomForCopy',
  ControllerBesidePrimary: 'ControllerBesidePrimary',
  // outcomes of actions
  OutcomeUnknown: 'OutcomeUnknown',
  EpochTooOld: 'EpochTooOld',
  CatchUpTimeout: 'CatchUpTimeout',
  RoleChanged: 'RoleChanged',
  PauseTooShort: 'PauseTooShort',
  StoreUnavailable: 'StoreUnavailable',
  Unconnected: 'Unconnected',
  SpecInvalid: 'SpecInvalid',
  NotLeading: 'NotLeading',
  // what a change of primary was made for
  Requested: 'Requested',
  FailbackRequested: 'FailbackRequested',
  FailbackPolicy: 'FailbackPolicy',
  PromotedByHand: 'PromotedByHand',
  PutBack: 'PutBack',
  // what became of it, for events
  SwitchoverStarted: 'SwitchoverStarted',
  SwitchoverCompleted: 'SwitchoverCompleted',
  FailoverStarted: 'FailoverStarted',
  FailoverCompleted: 'FailoverCompleted',
  FailbackStarted: 'FailbackStarted',
  FailbackCompleted: 'FailbackCompleted',
  AdoptionStarted: 'AdoptionStarted',
  AdoptionCompleted: 'AdoptionCompleted',
  ChangePutBack: 'ChangePutBack',
  ChangeWithdrawn: 'ChangeWithdrawn',
  PrimaryTakenUp: 'PrimaryTakenUp',
  NodeFenced: 'NodeFenced',
  LossRecounted: 'LossRecounted',
  DataPreserved: 'DataPreserved',
  LeasesLeftBehind: 'LeasesLeftBehind',
  // Services that clients in the cluster follow
  ServiceNameTaken: 'ServiceNameTaken',
  ServiceNameShortened: 'ServiceNameShortened',
  HostUnresolved: 'HostUnresolved',
  HostNotPublishable: 'HostNotPublishable',
  EndpointsNotWritten: 'EndpointsNotWritten',
} as const;

export type Reason = (typeof Reason)[keyof typeof Reason];

/** A reason with its words: what is so, and what to do next. */
export interface Finding {
  readonly reason: Reason;
  readonly message: string;
}
