import type { Action } from './action.ts';
import type { Situation } from './situation.ts';
import { asReplica, follows, progressOf } from './situation.ts';
import { isPlanned } from './transition.ts';

/** What a change of primary whose new primary leads still owes: it is closed when nothing is left of this. */
export interface Leftovers {
  /** The old primary's paused writers and stuck clients, when nobody here saw them let go. */
  readonly release: readonly Action[];
  /** Roles that are not known to be in the config files. */
  readonly persist: readonly Action[];
}

/** All of it does nothing where nothing is left to do, so a restarted controller may do it again. */
export function leftovers(situation: Situation, primary: string, epoch: number): Leftovers {
  const open = situation.status.transition;
  if (open?.to !== primary) return { release: [], persist: [] };
  const progress = progressOf(situation);
  const persisted = progress?.persisted ?? [];
  const old = open.from === undefined ? undefined : asReplica(situation, open.from);
  const demoted =
    open.from !== undefined && old !== undefined && follows(situation, old, primary) && isPlanned(open);
  const release = demoted && progress?.handedOver !== true && open.from !== undefined ? [open.from] : [];
  const unwritten = [...(demoted && open.from !== undefined ? [open.from] : []), primary].filter(
    (node) => !persisted.includes(node) && !release.includes(node),
  );
  return {
    release: release.map((node) => ({ kind: 'repoint', node, to: primary, dropClients: true, epoch })),
    persist: unwritten.map((node) => ({ kind: 'persistRole', node, epoch })),
  };
}
