import type { Outcome } from '../../reconcilers/action.ts';
import { Reason } from '../../reconcilers/reasons.ts';

/** Every reason that this adapter gives in an outcome that is not `done`. */
export const RedisReason = {
  /** The command was sent and no answer came: it may or may not have been carried out. */
  OutcomeUnknown: Reason.OutcomeUnknown,
  /** A controller with a higher epoch has announced itself at the node. */
  EpochTooOld: Reason.EpochTooOld,
  /** A mutating call came before any claim. Nothing was sent. */
  NotClaimed: 'NotClaimed',
  /** There was no connection: the command was not sent. */
  NotConnected: 'NotConnected',
  NotAuthorised: 'NotAuthorised',
  StillLoading: 'StillLoading',
  /** CONFIG REWRITE at a server that was started without a config file. */
  NoConfigFile: 'NoConfigFile',
  /** CONFIG SET of a name or value that the server does not take. */
  InvalidSetting: 'InvalidSetting',
  SnapshotFailed: 'SnapshotFailed',
  /** Any other error reply. */
  CommandRefused: 'CommandRefused',
} as const;

export type RedisReason = (typeof RedisReason)[keyof typeof RedisReason];

export type Failure = Exclude<Outcome, { kind: 'done' }>;

export function refused(reason: RedisReason, message: string): Failure {
  return { kind: 'refused', reason, message };
}

export function unknown(message: string): Failure {
  return { kind: 'unknown', reason: RedisReason.OutcomeUnknown, message };
}
