/** Why the local host did not do something. */
export type HostFaultCode =
  /** The folder, or what is kept in it, cannot be used. */
  | 'HostUnusable'
  /** Another process holds the folder and does not let go. */
  | 'HostBusy'
  | 'EpochTooOld'
  | 'UnknownUnit'
  /** The unit file cannot be understood, or asks for what is not supported here. */
  | 'UnitInvalid'
  | 'UnitDoesNotStart'
  | 'UnitDoesNotStop'
  | 'PreserveImpossible'
  /** It may have happened or not. */
  | 'OutcomeUnknown';

export class HostFault extends Error {
  readonly code: HostFaultCode;
  constructor(code: HostFaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HostFault';
    this.code = code;
  }
}

/** `ENOSPC: no space left on device, write`: the words of an error of Node, for a message. */
export function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
