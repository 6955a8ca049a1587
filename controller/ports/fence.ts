import type { Outcome } from '../../reconcilers/action.ts';

/** Another machine that can switch a node off: a hypervisor, a power strip. */
export interface FencePort {
  /**
   * Switches the node off and asks until that is confirmed, bounded in time. done: the confirming command said
   * so. Safe to repeat; refused when the command or the confirmation said no, unknown when nobody can tell.
   * Nothing is ordered any more after `withinMs`.
   */
  powerOff(withinMs?: number): Promise<Outcome>;
  close(): void;
}
