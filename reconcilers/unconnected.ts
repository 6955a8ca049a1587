import type { Condition, Status } from '../crd/status.ts';
import { isoTime } from './memory.ts';
import type { Finding } from './reasons.ts';

/** Status of a group that cannot even be looked at: of everything but that nothing is known. */
export function unconnectedStatus(
  status: Status,
  why: Finding,
  at: { readonly generation: number; readonly now: number },
): Status {
  const judge = (type: Condition['type'], verdict: Condition['status']): Condition => {
    const before = status.conditions?.find((condition) => condition.type === type);
    const lastTransitionTime = before?.status === verdict ? before.lastTransitionTime : isoTime(at.now);
    return { type, status: verdict, ...why, observedGeneration: at.generation, lastTransitionTime };
  };
  const others = (status.conditions ?? []).filter((condition) => condition.type !== 'Ready');
  return {
    ...status,
    observedGeneration: at.generation,
    conditions: [judge('Ready', 'False'), ...others.map((condition) => judge(condition.type, 'Unknown'))],
  };
}
