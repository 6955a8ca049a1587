import * as annotations from '../../crd/annotations.ts';
import { specSchema } from '../../crd/spec.ts';
import type { FieldPlan } from './field-plan.ts';
import { leafFields } from './leaf-fields.ts';
import { nodePlans } from './node-plans.ts';
import { policyPlans } from './policy-plans.ts';
import { redisPlans } from './redis-plans.ts';

/** Every field of the resource that has planned changes. */
export const fieldTable: readonly FieldPlan[] = [...nodePlans, ...redisPlans, ...policyPlans];

/** Every field that there is: from the schema of the spec, and the annotations that are orders. */
export function allFields(): string[] {
  const orders = Object.values(annotations).flatMap((value) =>
    typeof value === 'string' && value.startsWith('understudy.dev/') ? [`metadata.annotations.${value}`] : [],
  );
  return [...leafFields(specSchema), ...orders];
}
