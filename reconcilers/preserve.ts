import type { Action } from './action.ts';
import { nodeMemory } from './memory.ts';
import type { PrimaryView, ReplicaView } from './observation.ts';
import type { Finding } from './reasons.ts';
import { Reason } from './reasons.ts';
import { isAheadBy, relate } from './replication-history.ts';
import type { Situation } from './situation.ts';
import { answering, asReplica, epochOf, follows, observed } from './situation.ts';

type Preserve = Extract<Action, { kind: 'preserve' }>;

/**
 * What has to be done about data that only `node` holds before it copies that of `primary`: a copy of it is made, or
 * somebody says that it may go. undefined: it is kept, or given up.
 */
export function whatKeeps(
  situation: Situation,
  node: string,
  primary: string,
  epoch: number,
): Preserve | (Finding & { readonly kind?: never }) | undefined {
  const view = answering(situation, node);
  if (view === undefined || isCopied(situation, node, view)) return undefined;
  if (observed(situation, node).host.state === 'answers') return { kind: 'preserve', node, epoch };
  return isAccepted(situation, primary) ? undefined : cannotPreserve(situation, node, primary);
}

/**
 * It follows `to`, which is about to be promoted, and has of its own what that does not have. A little more of the same
 * history is no reason to let writers wait for a copy: that is what maxLagBytes gives up.
 */
export function wouldBeWiped(situation: Situation, node: string, to: string): boolean {
  const replica = asReplica(situation, node);
  const target = answering(situation, to);
  if (replica === undefined || target === undefined || target.role === 'primary') return false;
  if (replica.link !== 'down' || replica.keys === 0 || !follows(situation, replica, to)) return false;
  const relation = relate(replica, target);
  if (relation.kind === 'unrelated') return true;
  return isAheadBy(relation, situation.spec.failover.maxLagBytes);
}

/** Its data was copied a moment ago, by this process or by the one before: it may be paused still. */
export function mayBePaused({ status, memory }: Situation, node: string): boolean {
  if (nodeMemory(memory, node).preserved !== undefined) return true;
  return status.preserved?.some((copy) => copy.node === node && copy.epoch === epochOf(status)) === true;
}

/** The copy that was made of it holds everything that it holds now. */
function isCopied(situation: Situation, node: string, view: PrimaryView | ReplicaView): boolean {
  const copy = nodeMemory(situation.memory, node).preserved;
  return copy?.replicationId === view.replicationId && view.offset <= copy.offset;
}

function isAccepted(situation: Situation, primary: string): boolean {
  const wish = situation.wishes.acceptDataOf;
  return wish?.node === primary && wish.epoch === epochOf(situation.status);
}

function cannotPreserve(situation: Situation, node: string, primary: string): Finding {
  const message = `${node} holds data that ${primary} does not have, and its host cannot be reached to keep a copy. Copy its data aside, then allow it to be overwritten with the annotation understudy.dev/accept-data-of: "${primary}@${epochOf(situation.status)}".`;
  return { reason: Reason.PreserveImpossible, message };
}
