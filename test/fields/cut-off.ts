import { type Chains, type Change, unchanged } from './chains.ts';

const cutOffMs = 45_000;
const otherEnds = ['@', '@host', 'a', 'b', 'c', 'd'];

/**
 * The machine of the primary falls silent right after an edit was taken up, by the controller that knew the group
 * before or by a new one: what was told to its watch under the old spec still holds there. What went wrong.
 */
export async function cutOffAfter(
  chains: Chains,
  { from, to, isNew }: { from: Change; to: Change; isNew: boolean },
): Promise<readonly string[]> {
  const stage = (await chains.settled(unchanged, from)).copy();
  const { world, status, spec } = stage;
  const primary = spec.nodes.find(({ name }) => name === status.currentPrimary)?.redis.host ?? 'a';
  const machine = primary.replace(/-too$/, '');
  stage.take(to.edits);
  if (isNew) stage.restart();
  await stage.step();
  for (const end of otherEnds) if (end !== machine) world.cut(end, machine, true);
  await stage.run(cutOffMs);
  return stage.violations;
}
