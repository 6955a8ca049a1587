import { type Chain, type Chains, type Change, type Haste, unchanged } from './chains.ts';

const settled: Haste = { kind: 'settled' };
const hastes: readonly Haste[] = [
  ...[1, 2, 3].map((after) => ({ kind: 'passes' as const, after })),
  ...[1, 2, 3, 5, 8].map((after) => ({ kind: 'killed' as const, after })),
];

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function chanceOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function pick<T>(list: readonly T[], count: number, chance: () => number): T[] {
  if (count >= list.length) return [...list];
  const left = [...list];
  return Array.from({ length: count }, () => left.splice(Math.floor(chance() * left.length), 1)).flat();
}

/** Changes that have something done: a second edit can come in the middle of it. */
async function stirring(chains: Chains, changes: readonly Change[]): Promise<Change[]> {
  const found: Change[] = [];
  for (const change of changes)
    if ((await chains.settled(unchanged, change)).effects.length > 0) found.push(change);
  return found;
}

/** How much is run. */
export interface Extent {
  /** Pairs of edits from each spec but the base; from the base all are run, or so many. */
  readonly fromEach: number;
  readonly fromBase: number;
  /** Chains whose second edit comes in the middle of the first: so many, or all from the base. */
  readonly hasty: number;
}

/** S0 → S1 → S2: which of them are run, one S0 after the other. */
export async function* chainsToRun(
  chains: Chains,
  changes: readonly Change[],
  { fromEach, fromBase, hasty }: Extent,
  chance: () => number,
): AsyncGenerator<Chain> {
  const ends = [unchanged, ...changes];
  const pairsOf = (from: Change, through: readonly Change[], haste: Haste): Chain[] =>
    through.flatMap((change) => ends.map((to) => ({ from, through: change, to, haste })));
  yield* pick(pairsOf(unchanged, changes, settled), fromBase, chance);
  const stirred = await stirring(chains, changes);
  yield* pick(
    hastes.flatMap((haste) => pairsOf(unchanged, stirred, haste)),
    hasty,
    chance,
  );
  for (const from of changes) {
    const others = ends.filter((change) => change !== from);
    for (let left = fromEach; left > 0; left -= 1) {
      const [through = unchanged, to = unchanged] = pick(others, 2, chance);
      yield { from, through, to, haste: settled };
    }
    chains.forget(from);
  }
}
