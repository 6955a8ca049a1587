import type { ReplicaView } from './observation.ts';
import type { Finding } from './reasons.ts';
import { Reason } from './reasons.ts';
import { relate } from './replication-history.ts';
import type { Situation } from './situation.ts';
import {
  answering,
  asPrimary,
  asReplica,
  epochOf,
  follows,
  isCurrentWish,
  nodeNames,
  others,
  progressOf,
} from './situation.ts';
import { isPlanned } from './transition.ts';

/**
 * Which node is the group's primary by right: the one that the record names, or, where there is no record,
 * the one whose data contains everybody else's. All other answering primaries are rogues.
 */
export type Expected =
  | { readonly kind: 'node'; readonly node: string; readonly adopted?: 'first' | 'byHand' }
  | { readonly kind: 'none'; readonly finding: Finding };

export function expectedPrimary(situation: Situation): Expected {
  const { status } = situation;
  const transition = status.transition;
  if (transition !== undefined && isFulfilled(situation)) return { kind: 'node', node: transition.to };
  const recorded = status.currentPrimary;
  if (recorded === undefined || !nodeNames(situation).includes(recorded)) return firstPrimary(situation);
  const demoted = asReplica(situation, recorded);
  return demoted === undefined ? { kind: 'node', node: recorded } : followed(situation, recorded, demoted);
}

/** The recorded transition's target leads already. In a planned one both can answer as primary only by a restart of the target. */
function isFulfilled(situation: Situation): boolean {
  const transition = situation.status.transition;
  if (transition === undefined) return false;
  const planned = isPlanned(transition);
  const leadsStill = transition.from !== undefined && asPrimary(situation, transition.from) !== undefined;
  if (asPrimary(situation, transition.to) !== undefined) return !(planned && leadsStill);
  if (planned) return !leadsStill && progressOf(situation)?.handedOver === true;
  return wasPromoted(situation);
}

/**
 * It was promoted by this very process and does not answer just now: clients may write to it already, and it has
 * what the old primary lost. That one, back again, is no primary any more.
 */
function wasPromoted(situation: Situation): boolean {
  const { transition } = situation.status;
  const done = progressOf(situation)?.promotedAt !== undefined;
  return transition !== undefined && done && answering(situation, transition.to) === undefined;
}

/**
 * The recorded primary is a replica now, by its own word: whom it follows may lead, seen by us or not. Only a
 * node that answers as a replica itself surely does not.
 */
function followed(situation: Situation, recorded: string, demoted: ReplicaView): Expected {
  const leader = leaderOf(situation, recorded, demoted);
  if (leader === undefined)
    return accepted(situation) ?? { kind: 'none', finding: stranger(recorded, demoted, situation) };
  if (asPrimary(situation, leader) !== undefined) return { kind: 'node', node: leader, adopted: 'byHand' };
  return { kind: 'node', node: answering(situation, leader) === undefined ? leader : recorded };
}

/** The node of the group that a replica follows: by its address, or, under another spelling of it, by the history they share. */
function leaderOf(situation: Situation, name: string, replica: ReplicaView): string | undefined {
  const candidates = others(situation, name);
  return (
    candidates.find((other) => follows(situation, replica, other)) ??
    candidates.find((other) => asPrimary(situation, other)?.replicationId === replica.replicationId)
  );
}

/** It follows a server that is no node of the group: to promote anybody here would cut the group off from it. */
function stranger(name: string, replica: ReplicaView, situation: Situation): Finding {
  const { host, port } = replica.of;
  const message = `${name} follows ${host}:${port}, which is none of spec.nodes, so nobody here is promoted. If that server leads, add it to spec.nodes, switch over, and remove it then; if it is gone for good, say whose data to keep with the annotation understudy.dev/accept-data-of: "${name}@${epochOf(situation.status)}".`;
  return { reason: Reason.FollowsStranger, message };
}

/** The operator's own answer, for the present epoch. */
function accepted(situation: Situation): Expected | undefined {
  const wish = situation.wishes.acceptDataOf;
  const valid = wish !== undefined && isCurrentWish(situation.status, wish.epoch);
  return valid && answering(situation, wish.node) !== undefined
    ? { kind: 'node', node: wish.node, adopted: 'first' }
    : undefined;
}

function firstPrimary(situation: Situation): Expected {
  const answer = accepted(situation);
  if (answer !== undefined) return answer;
  for (const name of nodeNames(situation)) {
    const replica = asReplica(situation, name);
    if (replica !== undefined && leaderOf(situation, name, replica) === undefined)
      return { kind: 'none', finding: stranger(name, replica, situation) };
  }
  const silent = nodeNames(situation).filter((name) => answering(situation, name) === undefined);
  if (silent.length > 0) {
    const message = `No primary is on record, and ${silent.join(', ')} does not answer: without a look at every node none can be chosen. Start Redis there or mend its address and password.`;
    return { kind: 'none', finding: { reason: Reason.NoPrimaryKnown, message } };
  }
  const leading = nodeNames(situation).filter((name) => containsAllOthers(situation, name));
  const [only] = leading;
  if (only === undefined) {
    const message = `Several nodes hold data and none holds everything: say whose data to keep with the annotation understudy.dev/accept-data-of: "NODE@${epochOf(situation.status)}". The others' data is preserved first.`;
    return { kind: 'none', finding: { reason: Reason.SplitBrainUndecided, message } };
  }
  const primaries = leading.filter((name) => asPrimary(situation, name) !== undefined);
  const choice = preferred(situation, primaries.length > 0 ? primaries : leading) ?? only;
  return { kind: 'node', node: choice, adopted: 'first' };
}

function preferred(situation: Situation, names: readonly string[]): string | undefined {
  return names.includes(situation.spec.primary) ? situation.spec.primary : names[0];
}

/** Every other node is empty, a replica of this one, or has a history that is a part of this one's. */
function containsAllOthers(situation: Situation, name: string): boolean {
  const view = answering(situation, name);
  if (view === undefined) return false;
  return others(situation, name).every((other) => {
    const held = answering(situation, other);
    if (held === undefined) return false;
    if (held.keys === 0) return true;
    if (held.role === 'replica' && follows(situation, held, name)) return true;
    return relate(held, view).kind === 'prefix';
  });
}
