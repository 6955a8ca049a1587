import type { ControllerEvent } from '../../controller/controller.ts';
import type { Status } from '../../crd/status.ts';

/** What one pass found to do; plain data, so that another process can tell of it. */
export interface Pass {
  readonly idle: boolean;
  readonly status: Status;
  /** For the words of a failure. */
  readonly told: string;
}

export function passOf(event: ControllerEvent): Pass | undefined {
  if (event.kind === 'fault') return { idle: false, status: {}, told: `fault: ${String(event.cause)}` };
  if (event.kind !== 'decided') return undefined;
  const { actions, status, plan } = event.decision;
  const { blocked, unitsBlocked } = plan;
  return { idle: actions.length === 0, status, told: JSON.stringify({ actions, blocked, unitsBlocked }) };
}

/** So many looks in a row that nothing followed from: what is on its way by then shows in one of them. */
const idleLooks = 6;

/** Tells when a controller has come to rest: where it should, and with nothing left to do. */
export class RestWatch {
  #idle = 0;
  #status: Status = {};
  #last = 'no look yet';
  readonly #waits = new Set<() => void>();
  readonly #patience = new Set<NodeJS.Timeout>();

  note(pass: Pass): void {
    this.#idle = pass.idle ? this.#idle + 1 : 0;
    this.#status = pass.status;
    this.#last = pass.told;
    for (const wait of [...this.#waits]) wait();
  }

  /** Resolves after the looks in a row that find nothing to do, counted from now. */
  atRest(goal: (status: Status) => boolean, timeoutMs = 30_000): Promise<void> {
    this.#idle = 0;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.#idle < idleLooks || !goal(this.#status)) return;
        clearTimeout(impatience);
        this.#patience.delete(impatience);
        this.#waits.delete(look);
        resolve();
      };
      const impatience = setTimeout(() => {
        this.#waits.delete(look);
        reject(
          new Error(`not at rest after ${timeoutMs} ms; the last look: ${this.#last} ${this.#conditions()}`),
        );
      }, timeoutMs);
      this.#patience.add(impatience);
      this.#waits.add(look);
    });
  }

  /** Nobody waits any more. */
  close(): void {
    for (const timer of this.#patience) clearTimeout(timer);
    this.#waits.clear();
  }

  #conditions(): string {
    return (this.#status.conditions ?? [])
      .map(({ type, status, reason }) => `${type} ${status} ${reason}`)
      .join(', ');
  }
}
