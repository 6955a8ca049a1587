import { nodeMemory } from './memory.ts';
import { isBurst, isLoop } from './restart-burst.ts';
import type { Situation } from './situation.ts';

/** Whether its supervisor restarted it lately: it may be the beginning of a loop. */
export function hasRestarted(situation: Situation, node: string, unit: string): boolean {
  return isBurst(nodeMemory(situation.memory, node).bursts?.[unit], situation.now);
}

/** Whether a unit keeps ending: a single look shows it starting, running or failed, as chance will have it. */
export function isCrashLooping(situation: Situation, node: string, unit: string): boolean {
  return isLoop(nodeMemory(situation.memory, node).bursts?.[unit], situation.now);
}
