import type { Reason } from '../../reconcilers/reasons.ts';
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
  /** Redis's unit is left as Debian has it: it restarts itself. Otherwise it stays down, as FailoverReady asks. */
  readonly redisRestartsItself?: boolean;
  /** What FailoverReady says before anything happens; that a failover would succeed, if not told. */
  readonly failoverReady?: Reason;
  /** Done to the hosts before the controller is started. */
  readonly before?: (stage: Stage) => Promise<void>;
  /** Plays it, and resolves when it has settled to how it must have ended. Throws when something is not as it should be. */
  readonly run: (stage: Stage) => Promise<Ending>;
}
