import { plannedSwitchover } from './cases/planned-switchover.ts';
import type { Scenario } from './scenario.ts';

/** Every scenario, in the order in which they are played. */
export const catalogue: readonly Scenario[] = [plannedSwitchover];
