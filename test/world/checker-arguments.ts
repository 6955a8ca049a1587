import type { ParseArgsOptionsConfig } from 'node:util';
import { inspect, parseArgs } from 'node:util';

/** BSD's EX_USAGE: nothing was checked, so that no caller takes it for a checker's verdict. */
const usageExitCode = 64;

/** What was asked for cannot be done as it stands: the message names the option and what was given. */
export class UsageError extends Error {}

type Parsed<T extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: T; strict: true; allowPositionals: false; args: string[] }>
>['values'];

/** The options as they were given; an unknown one, one without its value and any other word throw a UsageError. */
export function optionsOf<T extends ParseArgsOptionsConfig>(
  options: T,
  args: string[] = process.argv.slice(2),
): Parsed<T> {
  try {
    return parseArgs({ options, args, strict: true, allowPositionals: false }).values as Parsed<T>;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** `name` as a user writes it: `--seeds`. */
export function wholeNumber(name: string, text: string, { least, most }: Bounds): number {
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${name}: a whole number is needed, not "${text}"`);
  return within(name, Number(text), { least, most });
}

export function decimalNumber(name: string, text: string, { least, most }: Bounds): number {
  if (!/^\d{1,15}(\.\d{1,15})?$/.test(text))
    throw new UsageError(`${name}: a number is needed, not "${text}"`);
  return within(name, Number(text), { least, most });
}

function within(name: string, value: number, { least, most }: Bounds): number {
  if (value < least || value > most)
    throw new UsageError(`${name}: ${value} is not between ${least} and ${most}`);
  return value;
}

/** One of the words that are known. */
export function oneOf<T extends string>(name: string, text: string, known: readonly T[]): T {
  const found = known.find((word) => word === text);
  if (found === undefined)
    throw new UsageError(`${name}: there is no "${text}"; it is one of ${known.join(', ')}`);
  return found;
}

/**
 * Runs a checker's command line and sets the exit code: the checker's own, 64 when what was asked for makes no sense,
 * 1 when the checker itself failed. With --json the last line on stdout is one document in each case: who reads it
 * never has to guess from its absence.
 */
export async function runChecker(
  usage: string,
  work: () => number | Promise<number>,
  tellsJson: boolean = process.argv.includes('--json'),
): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    const isUsage = error instanceof UsageError;
    process.stderr.write(isUsage ? `${error.message}\n${usage}\n` : `${inspect(error)}\n`);
    const message = error instanceof Error ? error.message : String(error);
    if (tellsJson) process.stdout.write(`${JSON.stringify({ ok: false, error: message })}\n`);
    process.exitCode = isUsage ? usageExitCode : 1;
  }
}
