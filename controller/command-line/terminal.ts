import type { Paint } from './paint.ts';
import { paintFor } from './paint.ts';

/** Where a command writes to. Writing never fails: a reader that is gone is told by `isClosed`. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Resolves when all that was written is out, or nobody takes it any more. */
  drain(): Promise<void>;
  readonly isClosed: boolean;
  readonly columns: number;
  readonly rows: number;
  /** stdout and stdin are a person's terminal. */
  readonly isInteractive: boolean;
  /** stderr is a person's terminal. */
  readonly showsProgress: boolean;
  /** For stdout. */
  readonly paint: Paint;
  /** For stderr. */
  readonly errPaint: Paint;
}

const defaultColumns = 80;
const defaultRows = 24;

export async function processTerminal(): Promise<Terminal> {
  const { stdout, stderr, stdin, env } = process;
  let isClosed = false;
  stdout.on('error', () => {
    isClosed = true;
  });
  stderr.on('error', () => undefined);
  return {
    out: (text) => {
      if (!isClosed) stdout.write(text);
    },
    err: (text) => {
      stderr.write(text);
    },
    drain: async () => {
      await Promise.all([drained(stdout), drained(stderr)]);
    },
    get isClosed() {
      return isClosed;
    },
    get columns() {
      // A terminal that does not know its size says 0.
      return stdout.columns || defaultColumns;
    },
    get rows() {
      return stdout.rows || defaultRows;
    },
    isInteractive: stdout.isTTY === true && stdin.isTTY === true,
    showsProgress: stderr.isTTY === true,
    paint: await paintFor(stdout.isTTY === true, env),
    errPaint: await paintFor(stderr.isTTY === true, env),
  };
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}
