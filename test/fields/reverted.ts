import { type Chains, type Change, unchanged } from './chains.ts';
import { differences, endState } from './end-state.ts';
import type { FieldPlan, InvalidValue } from './field-plan.ts';
import type { FieldStage } from './field-stage.ts';
import type { Cost, Impossible } from './impossible.ts';

export interface RevertedResult {
  readonly name: string;
  readonly differences: readonly string[];
}

/** How long an impossible document stands before it is taken back (ms). */
const standsMs = 20_000;
const takenUpMs = 3_000;
const none: Cost = { promotions: 0, repoints: 0, starts: 0 };

function costOf(effects: readonly string[]): Cost {
  const count = (word: string) => effects.filter((effect) => effect.startsWith(`${word} `)).length;
  return { promotions: count('promote'), repoints: count('follow'), starts: count('start') };
}

function tooMuch(effects: readonly string[], allowed: Cost): string[] {
  const cost = costOf(effects);
  return (['promotions', 'repoints', 'starts'] as const).flatMap((what) =>
    cost[what] > allowed[what] ? [`${cost[what]} ${what}, at most ${allowed[what]}: ${effects}`] : [],
  );
}

const readyOf = (stage: FieldStage) => stage.status.conditions?.find(({ type }) => type === 'Ready');

/** Refused at its place, told in status, and nothing is done about it: neither while it stands nor after. */
export async function revertInvalid(
  chains: Chains,
  from: Change,
  plan: FieldPlan,
  invalid: InvalidValue,
): Promise<RevertedResult> {
  const name = `${from.name} → ${plan.field}: ${invalid.what} → ${from.name}`;
  const before = await chains.settled(unchanged, from);
  const stage = before.copy();
  const spec = stage.spec;
  const parsed = stage.take([...from.edits, invalid.edit]);
  const found: string[] = [];
  const at = invalid.at.startsWith('metadata.') ? invalid.at : `spec.${invalid.at}`;
  const told = parsed.ok
    ? []
    : parsed.problems.filter(
        ({ path, line, message }) => path === at && line > 0 && invalid.says.test(message),
      );
  if (told.length === 0)
    found.push(
      `not refused at ${at}: ${parsed.ok ? 'taken' : parsed.problems.map(({ path, message }) => `${path} ${message}`)}`,
    );
  if (stage.spec !== spec) found.push('the last good spec is not in force');
  await stage.run(5_000);
  if (readyOf(stage)?.reason !== 'SpecInvalid') found.push(`Ready says ${readyOf(stage)?.reason}`);
  stage.take(from.edits);
  await stage.settle();
  if (stage.effects.length > 0) found.push(`something was done: ${stage.effects}`);
  return { name, differences: [...found, ...differences(endState(before), endState(stage))] };
}

/** Driven to where it cannot go, and taken back: it ends where it began, and no more has moved than its data says. */
export async function revertImpossible(
  chains: Chains,
  from: Change,
  impossible: Impossible,
): Promise<RevertedResult> {
  const before = await chains.settled(unchanged, from);
  const stage = before.copy();
  stage.take([...from.edits, ...impossible.edits]);
  if (impossible.isSpoiltLate === true) await stage.run(takenUpMs);
  impossible.spoil?.(stage.world);
  const reasons = new Set<string>();
  await stage.run(standsMs, () => {
    for (const { status, reason } of stage.status.conditions ?? [])
      if (status !== 'True') reasons.add(reason);
  });
  stage.take(from.edits);
  impossible.restore?.(stage.world);
  await stage.settle();
  return {
    name: `${from.name} → ${impossible.name} → ${from.name}`,
    differences: [
      ...(reasons.has(impossible.told) ? [] : [`not told: ${impossible.told}, but ${[...reasons]}`]),
      ...tooMuch(stage.effects, impossible.cost ?? none),
      ...differences(endState(before), endState(stage)),
    ],
  };
}
