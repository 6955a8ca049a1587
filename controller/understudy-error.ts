/** Every way in which this program itself fails; what happens to the world comes as outcomes. */
export type UnderstudyErrorCode =
  /** The command line asks for something that does not exist. */
  | 'BadUsage'
  /** A group's file is not there, is not readable, or holds no valid group. */
  | 'GroupInvalid'
  /** A password or certificate cannot be had from where the spec says. */
  | 'SecretUnavailable'
  /** The spec asks for what this version does not do. */
  | 'NotSupported'
  /** Another controller works on the same file or folder. */
  | 'AlreadyRunning'
  /** A group's file could not be changed. */
  | 'EditFailed';

/** The message is for a person: what is so and what to do. It never holds a secret. */
export class UnderstudyError extends Error {
  readonly code: UnderstudyErrorCode;

  constructor(code: UnderstudyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnderstudyError';
    this.code = code;
  }
}
