import { destination, type Logger, pino, stdTimeFunctions } from 'pino';

export const logLevels = ['debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** All that may stand in a line of the log. Nothing else gets in, so that no secret does. */
export interface LogFields {
  readonly group?: string;
  /** One for every pass of the loop. */
  readonly reconcileId?: string;
  readonly action?: string;
  readonly node?: string;
  readonly epoch?: number;
  readonly outcome?: string;
  readonly reason?: string;
  /** What is so and what to do, in our own words. */
  readonly detail?: string;
  readonly ms?: number;
}

/** One line: a constant message and its fields. */
export interface Log {
  write(level: Exclude<LogLevel, 'silent'>, message: string, fields?: LogFields): void;
  /** Whether lines of that level are kept. */
  keeps(level: Exclude<LogLevel, 'silent'>): boolean;
  /** Everything is out when it returns. */
  flush(): void;
}

/** Beyond this many bytes that nobody takes, lines are dropped: a stalled reader shall not stall a failover. */
const mostUnread = 1_048_576;

/** JSON lines on stderr. */
export function stderrLog(level: LogLevel): Log {
  const stderr = destination({ dest: 2, sync: false, minLength: 0, maxLength: mostUnread });
  // A reader that is gone takes no lines; the work goes on.
  stderr.on('error', () => undefined);
  const logger: Logger = pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, stderr);
  return {
    write: (at, message, fields = {}) => logger[at](fields, message),
    keeps: (at) => logger.isLevelEnabled(at),
    flush: () => {
      try {
        stderr.flushSync();
      } catch {
        // Nobody reads any more.
      }
    },
  };
}
