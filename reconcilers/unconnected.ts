import type { Condition, Status } from '../crd/status.ts';
import { isoTime } from './memory.ts';

/** Status of a group that cannot even be looked at: its secrets or its spec do not allow to connect. */
export function unconnectedStatus(
  status: Status,
  why: { readonly reason: string; readonly message: string },
  at: { readonly generation: number; readonly now: number },
): Status {
  const before = status.conditions?.find((condition) => condition.type === 'Ready');
  const ready: Condition = {
    type: 'Ready',
    status: 'False',
    ...why,
    observedGeneration: at.generation,
    lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : isoTime(at.now),
  };
  const others = (status.conditions ?? []).filter((condition) => condition.type !== 'Ready');
  return { ...status, observedGeneration: at.generation, conditions: [ready, ...others] };
}
