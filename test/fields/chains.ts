import type { ParsedGroup } from '../../crd/parse.ts';
import type { Edit } from './document-edit.ts';
import { differences, endState } from './end-state.ts';
import type { FieldPlan } from './field-plan.ts';
import { FieldStage } from './field-stage.ts';

/** One change of the base document; no edits: the base itself. */
export interface Change {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The watch of a machine that is taken out after it may stay there. */
  readonly leavesWatch?: boolean;
  /** A change of primary that is under way when it comes may be taken for one that was made by hand. */
  readonly isStranger?: boolean;
}

export const unchanged: Change = { name: 'base', edits: [] };

/** Every change that the simulated world knows. */
export function changesOf(table: readonly FieldPlan[]): Change[] {
  return table
    .filter(({ elsewhere }) => elsewhere === undefined)
    .flatMap(({ field, valid }) =>
      valid.map(({ what, edit, leavesWatch, isStranger }) => ({
        name: `${field}: ${what}`,
        edits: [edit],
        leavesWatch: leavesWatch !== undefined,
        isStranger: isStranger !== undefined,
      })),
    );
}

/** When the second edit comes: after the first has settled, after so many passes, or after the controller was killed after so many effects. */
export type Haste =
  | { readonly kind: 'settled' }
  | { readonly kind: 'passes' | 'killed'; readonly after: number };

export interface Chain {
  readonly from: Change;
  readonly through: Change;
  readonly to: Change;
  readonly haste: Haste;
}

export interface ChainResult {
  readonly chain: Chain;
  /** What differs from the direct way; empty: nothing. */
  readonly differences: readonly string[];
  /** What keeps one of the two from its goal, as its status says: compared was what came of them without it. */
  readonly obstacle?: string;
}

/** What keeps the group from where its spec wants it, as status tells it; undefined: nothing. */
function obstacleOf({ status }: FieldStage): string | undefined {
  const found = (type: string) => status.conditions?.find((condition) => condition.type === type);
  if (found('Paused')?.status === 'True') return 'Paused';
  const asRequested = found('PrimaryAsRequested');
  return asRequested?.status === 'True' ? undefined : asRequested?.reason;
}

/** switchover.catchUpTimeoutSeconds of the base. */
const longestPauseMs = 10_000;

/** Runs chains of edits and compares their ends; what begins alike is run once. */
export class Chains {
  readonly #known = new Map<string, ParsedGroup>();
  readonly #settled = new Map<string, Promise<FieldStage>>();

  /** The stage at rest after one edit after the other; not to be run on: copy it. */
  settled(...changes: readonly Change[]): Promise<FieldStage> {
    const key = changes.map(({ name }) => name).join(' → ');
    const known = this.#settled.get(key);
    if (known !== undefined) return known;
    const made = this.#make(changes);
    this.#settled.set(key, made);
    return made;
  }

  /** Lets go of what was kept of the ways that begin with this change. */
  forget({ name }: Change): void {
    for (const key of this.#settled.keys())
      if (key.startsWith(`base → ${name} → `)) this.#settled.delete(key);
  }

  async #make(changes: readonly Change[]): Promise<FieldStage> {
    const before = changes.slice(0, -1);
    const last = changes.at(-1);
    const stage =
      before.length === 0 ? FieldStage.fresh(this.#known) : (await this.settled(...before)).copy();
    // The same document again is no edit.
    if (last === undefined || last === before.at(-1)) return stage;
    stage.take(last.edits);
    await stage.settle();
    return stage;
  }

  async run(chain: Chain): Promise<ChainResult> {
    const { from, through, to, haste } = chain;
    const direct = await this.settled(unchanged, from, to);
    const stage =
      haste.kind === 'settled'
        ? (await this.settled(unchanged, from, through)).copy()
        : await this.#hurried(await this.settled(unchanged, from), through, haste);
    stage.take(to.edits);
    await stage.settle();
    // Writes that a controller paused before it died go on by themselves (CLIENT PAUSE), and no later than this.
    if (haste.kind === 'killed' && stage.isHeldUp()) await stage.run(longestPauseMs);
    // A controller that begins after the edit does not know who was taken out.
    const watchMayStay =
      haste.kind === 'killed' || [from, through].some(({ leavesWatch }) => leavesWatch === true);
    const all = differences(endState(direct), endState(stage));
    const different = all.filter((difference) => !(watchMayStay && difference.startsWith('/leases/')));
    const obstacle = obstacleOf(direct) ?? obstacleOf(stage);
    if (different.length === 0 || obstacle === undefined) return { chain, differences: different };
    const isByHand = to.isStranger === true && obstacle === 'FailedOver';
    if (isByHand) return { chain, obstacle, differences: stage.violations };
    return { chain, obstacle, differences: await this.#freed(direct, stage) };
  }

  /** Where the way mattered, since something stood in it: with the base document again, both end as it does. */
  async #freed(...stages: readonly FieldStage[]): Promise<string[]> {
    const base = endState(await this.settled(unchanged));
    const found: string[] = [];
    for (const stage of stages) {
      const freed = stage.copy();
      freed.take(unchanged.edits);
      await freed.settle();
      found.push(...differences(base, endState(freed)));
    }
    return found;
  }

  async #hurried(
    from: FieldStage,
    through: Change,
    haste: Exclude<Haste, { kind: 'settled' }>,
  ): Promise<FieldStage> {
    const stage = from.copy();
    stage.take(through.edits);
    if (haste.kind === 'killed') await stage.runUntilKilled(haste.after);
    else for (let pass = 0; pass < haste.after; pass += 1) await stage.step();
    return stage;
  }
}

export function describeChain({ from, through, to, haste }: Chain): string {
  const when = haste.kind === 'settled' ? '' : ` (${haste.kind} after ${haste.after})`;
  return `${from.name} → ${through.name}${when} → ${to.name}`;
}
