import type { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** How a command ended: the one JSON document of --json, and the words for everybody else. */
export interface CommandOutcome {
  readonly code: ExitCode;
  /** For a person, without colours; the last thing that is said. */
  readonly text: string;
  /** What --json prints, beside `ok` and `exitCode`. */
  readonly document: Readonly<Record<string, unknown>>;
}

export interface OutputOptions {
  readonly json?: boolean | undefined;
}

/** Prints how a command ended: with --json one document as the last line of stdout. */
export function printOutcome(terminal: Terminal, { json }: OutputOptions, outcome: CommandOutcome): ExitCode {
  const { code, text, document } = outcome;
  if (json === true) terminal.out(`${JSON.stringify({ ok: code === 0, exitCode: code, ...document })}\n`);
  else if (code === 0) terminal.out(`${text}\n`);
  else terminal.err(`${text}\n`);
  return code;
}
