import type { GroupOptions } from './group-document.ts';
import type { Stage } from './stage.ts';
import type { Ending } from './verdict.ts';

/** Something that goes wrong, or is asked for, on two real hosts, and how it must end. */
export interface Scenario {
  /** Unique; what --only takes. */
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  readonly group?: GroupOptions;
  /** Done to the hosts before the controller is started. */
  readonly before?: (stage: Stage) => Promise<void>;
  /** Plays it, and resolves when it has settled to how it must have ended. Throws when something is not as it should be. */
  readonly run: (stage: Stage) => Promise<Ending>;
}
