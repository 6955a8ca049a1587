import type { EffectId } from './reports.ts';
import type { RunOrder } from './run-scenario.ts';

/** What is done to a controller at one of its effects. */
export interface Disturbance {
  readonly name: 'killed' | 'killedThenOldView' | 'oldView';
  /** As the table has it. */
  readonly words: string;
  /** Only at effects that cannot be taken back. */
  readonly destructiveOnly: boolean;
  readonly order: (at: EffectId) => RunOrder;
}

export const disturbances: readonly Disturbance[] = [
  {
    name: 'killed',
    words: 'killed after it',
    destructiveOnly: false,
    order: (killAfter) => ({ killAfter }),
  },
  {
    name: 'killedThenOldView',
    words: 'killed after it; the next controller first sees what was so before it',
    destructiveOnly: true,
    order: (killAfter) => ({ killAfter, oldViewAfterwards: true }),
  },
  {
    name: 'oldView',
    words: 'the next look brings back what was so before it',
    destructiveOnly: true,
    order: (replayAfter) => ({ replayAfter }),
  },
];

const destructive =
  /^(?:fence \w+ powerOff|redis \w+ (?:follow|promote|snapshot|pauseWrites)|host \w+ (?:startUnits|stopUnits|copyAside|stopRedis|startRedis))\b/;

export function isDestructive({ name }: EffectId): boolean {
  return destructive.test(name);
}
