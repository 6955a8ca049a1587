import type { Action } from './action.ts';
import { nodeMemory } from './memory.ts';
import type { Situation } from './situation.ts';
import { answering, specOf } from './situation.ts';

/** They set something at a node and then have its file written: between the two a controller may die. */
const sets = (action: Action) =>
  action.kind === 'applyConfig' ||
  action.kind === 'rotatePassword' ||
  // A former primary is on record as being demoted until all of that is done.
  (action.kind === 'repoint' && !action.dropClients);

/** They end with the node's file written. */
const writes = (action: Action) => sets(action) || action.kind === 'persistRole' || action.kind === 'repoint';

/**
 * Nodes whose config file may lack what was set there: on record from before it is set until the file is known to
 * be written. A look does not tell: CONFIG GET shows what is in force.
 */
export function unsavedNodes(situation: Situation, planned: readonly Action[]): string[] {
  const before = (situation.status.unsaved ?? []).filter(
    (node) => specOf(situation, node) !== undefined && nodeMemory(situation.memory, node).saved !== true,
  );
  const begun = planned.flatMap((action) => (sets(action) && 'node' in action ? [action.node] : []));
  return [...new Set([...before, ...begun])].sort();
}

/** The files that another process may have left behind, unless the plan has them written anyway. */
export function unsavedWrites(situation: Situation, planned: readonly Action[], epoch: number): Action[] {
  const written = planned.flatMap((action) => (writes(action) && 'node' in action ? [action.node] : []));
  return unsavedNodes(situation, [])
    .filter((node) => answering(situation, node) !== undefined && !written.includes(node))
    .map((node) => ({ kind: 'persistRole', node, epoch }));
}

/** Whether the node's file is as the node is, after this: undefined when the action has nothing to do with it. */
export function savedBy(action: Action, isDone: boolean): boolean | undefined {
  if (!writes(action)) return undefined;
  return isDone ? true : sets(action) ? false : undefined;
}
