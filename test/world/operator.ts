import type { SimGroup } from './sim-group.ts';

/** Where the controller stops and asks, the operator answers: keep the data of the node that has most. */
export function answerQuestions(group: SimGroup): void {
  const asked = group.status.conditions?.some((condition) =>
    condition.message.includes('understudy.dev/accept-data-of'),
  );
  if (asked !== true) return;
  const nodes = [...group.world.redis.values()];
  const current = nodes.find(
    (redis) => redis.name === group.status.currentPrimary && redis.role === 'primary',
  );
  const richest = nodes.reduce((best, redis) =>
    redis.data.log.length > best.data.log.length ? redis : best,
  );
  const keep =
    group.condition('PrimaryAvailable')?.status === 'True' && current !== undefined ? current : richest;
  group.annotations = { 'understudy.dev/accept-data-of': `${keep.name}@${group.status.epoch ?? 0}` };
}
