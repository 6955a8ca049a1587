import type { WriteRecord } from './write-log.ts';

/** Writes of one node that follow each other closer than this (ms) are one spell: many writers are at it. */
const pauseMs = 100;

interface Spell {
  readonly node: string;
  readonly from: number;
  to: number;
}

/** When each node took writes without a pause, in the order of their beginnings. */
function spellsOf(acked: readonly WriteRecord[]): Spell[] {
  const spells: Spell[] = [];
  const open = new Map<string, Spell>();
  for (const { node, answered } of [...acked].sort((a, b) => a.answered - b.answered)) {
    const spell = open.get(node);
    if (spell !== undefined && answered - spell.to <= pauseMs) spell.to = answered;
    else {
      const next = { node, from: answered, to: answered };
      open.set(node, next);
      spells.push(next);
    }
  }
  return spells;
}

/** Two nodes took writes at the same time (monotonic ms). */
export interface Both {
  readonly nodes: readonly [string, string];
  readonly from: number;
  readonly to: number;
}

export function bothTookWrites(acked: readonly WriteRecord[]): Both[] {
  const spells = spellsOf(acked);
  return spells.flatMap((spell, index) => {
    const found: Both[] = [];
    for (const later of spells.slice(index + 1)) {
      if (later.from >= spell.to) break;
      if (later.node === spell.node) continue;
      found.push({ nodes: [spell.node, later.node], from: later.from, to: Math.min(spell.to, later.to) });
    }
    return found;
  });
}
