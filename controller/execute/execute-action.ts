import type { Action, Outcome } from '../../reconcilers/action.ts';
import type { GroupNode, Reach } from '../group-nodes.ts';
import { handOver } from './hand-over.ts';
import { refused } from './outcomes.ts';
import { applyConfig, persistRole, preserve, promote, repoint, rotatePassword } from './roles.ts';
import { fence, startRedis, startUnits, stopUnits } from './units.ts';

export type Effect = Exclude<Action, { kind: 'record' }>;

/**
 * Carries out one action on the world. Never rejects: a fault is an outcome. `done`: what the same plan did
 * before it, under the same epoch.
 */
export async function executeAction(
  reach: Reach,
  action: Effect,
  done: readonly Action[] = [],
): Promise<Outcome> {
  const named = action.kind === 'handOver' ? action.from : action.node;
  const node = reach.nodes.get(named);
  if (node === undefined) return unknownNode(named);
  switch (action.kind) {
    case 'handOver':
      return withNode(reach, action.to, (to) => handOver(reach, node, to, action));
    case 'promote':
      return promote(node, action);
    case 'repoint':
      return withNode(reach, action.to, (to) => repoint(node, to, action));
    case 'startUnits':
      return startUnits(reach, node, { start: action, done });
    case 'stopUnits':
      return stopUnits(node, action.units, action.epoch);
    case 'fence':
      return fence(node, action.method, action.epoch);
    case 'persistRole':
      return persistRole(reach, node, action.epoch);
    case 'preserve':
      return preserve(node, action.epoch);
    case 'applyConfig':
      return applyConfig(node, action);
    case 'rotatePassword':
      return rotatePassword(node, action);
    case 'startRedis':
      return startRedis(node, action.epoch);
  }
}

async function withNode(
  reach: Reach,
  name: string,
  act: (node: GroupNode) => Promise<Outcome>,
): Promise<Outcome> {
  const node = reach.nodes.get(name);
  return node === undefined ? unknownNode(name) : act(node);
}

const unknownNode = (name: string): Outcome =>
  refused('NoSuchNode', `There is no node ${name} in the group.`);
