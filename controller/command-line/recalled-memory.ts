import type { Status } from '../../crd/status.ts';
import type { Memory } from '../../reconcilers/memory.ts';
import { emptyMemory, withNodeMemory } from '../../reconcilers/memory.ts';

/** As much of a controller's memory as its record tells: since when the primary has not been available. */
export function recalled({ currentPrimary, conditions }: Status): Memory {
  const available = conditions?.find((condition) => condition.type === 'PrimaryAvailable');
  if (currentPrimary === undefined || available === undefined || available.status === 'True')
    return emptyMemory;
  const since = Date.parse(available.lastTransitionTime);
  return withNodeMemory(emptyMemory, currentPrimary, { redisDownSince: since, hostSilentSince: since });
}
