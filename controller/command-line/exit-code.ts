import type { UnderstudyErrorCode } from '../understudy-error.ts';

/** The command's exit codes, as --help tells them. */
export const ExitCode = { done: 0, failed: 1, badInput: 2, refused: 3, timeout: 4 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

const codes: Readonly<Record<UnderstudyErrorCode, ExitCode>> = {
  BadUsage: ExitCode.badInput,
  GroupInvalid: ExitCode.badInput,
  SecretUnavailable: ExitCode.badInput,
  NotSupported: ExitCode.badInput,
  AlreadyRunning: ExitCode.refused,
  EditFailed: ExitCode.refused,
};

export function exitCodeOf(code: UnderstudyErrorCode): ExitCode {
  return codes[code];
}
