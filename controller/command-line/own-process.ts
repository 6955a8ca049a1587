import { describeFault } from '../telemetry/event-log.ts';
import type { Log } from '../telemetry/log.ts';
import { ExitCode } from './exit-code.ts';

/** Resolves at the first SIGTERM or SIGINT; the second ends the process at once. */
export function toldToEnd(log: Log): Promise<void> {
  const { promise, resolve: end } = Promise.withResolvers<void>();
  let times = 0;
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      times += 1;
      if (times === 1) {
        log.write('info', 'stopping', { detail: signal });
        end();
        return;
      }
      log.write('warn', 'stopped at once', { detail: signal });
      log.flush();
      process.exit(ExitCode.failed);
    });
  return promise;
}

/** A fault that nobody expected leaves an unknown state: another process starts from what is on record. */
export function dieLoudly(log: Log): void {
  const die = (cause: unknown) => {
    log.write('fatal', 'unexpected fault', { reason: 'Unexpected', detail: describeFault(cause) });
    log.flush();
    process.exit(ExitCode.failed);
  };
  process.on('unhandledRejection', die);
  process.on('uncaughtException', die);
}
