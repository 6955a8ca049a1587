import type { Log } from '../telemetry/log.ts';
import type { ApiFault } from './api-fault.ts';

/** An outage is one line, not one a second: the same fault is told again only when there was none for so long (ms). */
const faultSilenceMs = 30_000;

/** The API server's faults, by the collection that they befell. */
export class FaultLog {
  readonly #log: Log;
  readonly #last = new Map<string, { readonly code: string; readonly at: number }>();

  constructor(log: Log) {
    this.#log = log;
  }

  note(resource: string, { code, message }: ApiFault): void {
    const last = this.#last.get(resource);
    const at = performance.now();
    const known = last?.code === code && at - last.at < faultSilenceMs;
    this.#last.set(resource, { code, at });
    this.#log.write(known ? 'debug' : 'warn', 'API server fault', {
      reason: code,
      detail: `${resource}: ${message}`,
    });
  }
}
