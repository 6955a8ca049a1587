import type { Condition, ConditionType } from '../../../crd/status.ts';
import type { Look } from '../look.ts';

/**
 * How things are, as just seen from here. Where the running controller came to the same, its words count: it
 * remembers more than one look can show.
 */
export function conditionsOf({ decision, recorded, controllerRunning }: Look): readonly Condition[] {
  const seen = decision.status.conditions ?? [];
  if (!controllerRunning) return seen;
  return seen.map((condition) => {
    const known = recorded.conditions?.find(({ type }) => type === condition.type);
    return known?.status === condition.status ? known : condition;
  });
}

export function conditionOf(look: Look, type: ConditionType): Condition | undefined {
  return conditionsOf(look).find((condition) => condition.type === type);
}
