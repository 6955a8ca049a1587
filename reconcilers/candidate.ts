import type { Evidence } from './evidence.ts';
import { branchedOff, evidenceOf } from './evidence.ts';
import type { PrimaryView, ReplicaView } from './observation.ts';
import type { Finding } from './reasons.ts';
import { Reason } from './reasons.ts';
import { holdsMoreThan, isAheadBy, relate } from './replication-history.ts';
import type { Situation } from './situation.ts';
import {
  answering,
  asPrimary,
  epochOf,
  follows,
  isCurrentWish,
  lastSeenOf,
  observed,
  others,
  specOf,
} from './situation.ts';
import { unheardMs } from './unheard.ts';

/** One node that might lead, seen against the primary that it would replace. */
interface Candidacy {
  readonly situation: Situation;
  readonly name: string;
  readonly from: string;
  readonly planned: boolean;
  readonly accepted: boolean;
}

type Check = (candidacy: Candidacy, view: PrimaryView | ReplicaView) => Finding | undefined;

/**
 * Longest (s) that the old primary may have taken writes which nobody heard of, on top of the waits that the policy
 * itself asks for: what a takeover by another controller and a fence take.
 */
const unheardSeconds = 30;

const mayBePromoted: Check = ({ name }, view) =>
  view.priority === 0
    ? {
        reason: Reason.CandidatePriorityZero,
        message: `${name} has replica-priority 0: Redis's own word that it is never to lead.`,
      }
    : undefined;

const diskWorks: Check = ({ name }, view) =>
  view.diskFailing
    ? { reason: Reason.CandidateDiskFailing, message: `${name} cannot write to its disk. Free space there.` }
    : undefined;

const isReplicaOfIt: Check = ({ situation, name, from, accepted, planned }, view) => {
  // Only a replica can be handed over to, whoever has accepted its data.
  if ((accepted && !planned) || name === from) return undefined;
  if (view.role === 'replica' && follows(situation, view, from)) return undefined;
  if (!planned && continuesFrom(situation, view, from)) return undefined;
  return { reason: Reason.CandidateNotReplica, message: `${name} is no replica of ${from}.` };
};

/** Promoted by hand after the primary's death: its history branched off the old primary's. */
function continuesFrom(situation: Situation, view: PrimaryView | ReplicaView, from: string): boolean {
  const seen = lastSeenOf(situation, from);
  if (branchedOff(situation, view, from)) return true;
  return seen !== undefined && relate(seen, view).kind !== 'unrelated';
}

/** The old primary came back without data: only who still holds that data may take over, even in mid-sync. */
const rescues = ({ situation, from, planned }: Candidacy, view: PrimaryView | ReplicaView): boolean => {
  const restarted = evidenceOf(situation, from).stale ? asPrimary(situation, from) : undefined;
  return !planned && restarted !== undefined && holdsMoreThan(view, restarted);
};

const holdsWhatWasLost: Check = (candidacy, view) => {
  const { situation, name, from, planned } = candidacy;
  if (planned || !evidenceOf(situation, from).stale || rescues(candidacy, view)) return undefined;
  return { reason: Reason.CandidateHistoryUnknown, message: `${name} holds nothing that ${from} lost.` };
};

const isNotSyncing: Check = (candidacy, view) =>
  view.role === 'replica' && view.link === 'syncing' && !rescues(candidacy, view)
    ? {
        reason: Reason.CandidateSyncing,
        message: `${candidacy.name} is copying the data set and holds no whole one. It is ready when the copy is done.`,
      }
    : undefined;

/** A replica may hold half a data set; a primary holds a whole one, and its history tells of which. */
const wasInSync: Check = ({ situation, name, from, accepted }, view) => {
  const known = situation.status.nodes?.find((node) => node.name === name);
  const led = name === situation.status.currentPrimary;
  if (accepted || name === from || led || view.role === 'primary') return undefined;
  if (known?.inSync !== undefined) return undefined;
  return { reason: Reason.CandidateNeverInSync, message: `${name} was never seen in sync with ${from}.` };
};

const linkIsUp: Check = ({ name, planned }, view) =>
  planned && view.role === 'replica' && view.link === 'down'
    ? {
        reason: Reason.CandidateLinkDown,
        message: `${name}'s replication link is down. It connects again by itself; if this lasts, see its log: masterauth and the address must be right.`,
      }
    : undefined;

const isCloseBehind: Check = (candidacy, view) => {
  const { situation, name, from, accepted, planned } = candidacy;
  // What the returned one wrote anew is no measure: who holds what it lost takes over, the most of it first.
  if (accepted || rescues(candidacy, view)) return undefined;
  if (name === from) return hasItsOwn(situation, name, view);
  const alive = asItWas(situation, from);
  const reference = alive ?? lastSeenOf(situation, from);
  if (reference === undefined) return undefined;
  const relation = relate(reference, view);
  if (relation.kind === 'unrelated')
    return alive !== undefined && !planned
      ? undefined // demoted by hand, it follows somebody whose history is not on record
      : {
          reason: Reason.CandidateHistoryUnknown,
          message: `${name}'s data does not descend from ${from}'s.`,
        };
  if (!isAheadBy(relation, situation.spec.failover.maxLagBytes)) return undefined;
  return {
    reason: Reason.CandidateTooFarBehind,
    message: `${name} lacks more than failover.maxLagBytes of ${from}'s writes.${wayOut(situation, name, from)}`,
  };
};

/** The primary as it answers; nothing where it came back as a replica, with other data than it was last seen with. */
function asItWas(situation: Situation, from: string): PrimaryView | ReplicaView | undefined {
  const view = answering(situation, from);
  const seen = lastSeenOf(situation, from);
  if (view?.role !== 'replica' || seen === undefined) return view;
  // What it copies from another primary is of that one's history: here it had no link yet.
  const hasOnlyItsDisk = view.link === 'down' && view.linkDownSeconds === undefined;
  return hasOnlyItsDisk && relate(seen, view).kind === 'unrelated' ? undefined : view;
}

/** Restarted as a replica it goes on under the id in its snapshot, as far as that went: it may have lost much of what it was seen to hold. */
function hasItsOwn(situation: Situation, name: string, view: PrimaryView | ReplicaView): Finding | undefined {
  const seen = lastSeenOf(situation, name);
  const lacks = seen !== undefined && isAheadBy(relate(seen, view), situation.spec.failover.maxLagBytes);
  if (!lacks && asItWas(situation, name) !== undefined) return undefined;
  return {
    reason: lacks ? Reason.CandidateTooFarBehind : Reason.CandidateHistoryUnknown,
    message: `${name} came back without ${lacks ? 'more than failover.maxLagBytes of ' : ''}its own writes. Give those up with the annotation understudy.dev/accept-data-of: "${name}@${epochOf(situation.status)}", or name the node that has them.`,
  };
}

/** While the primary is well there is nothing to answer: its replica catches up, or the next one is better. */
function wayOut(situation: Situation, name: string, from: string): string {
  const isLost = answering(situation, from) === undefined || evidenceOf(situation, from).stale;
  if (!isLost) return '';
  return ` Start ${from} with its data, or give those writes up with the annotation understudy.dev/accept-data-of: "${name}@${epochOf(situation.status)}".`;
}

/** However close behind it was: what the primary took since, with nobody there to tell of it, may be any number of bytes. */
const heardEnough: Check = ({ situation, name, from, accepted }) => {
  if (accepted || name === from || answering(situation, from) !== undefined) return undefined;
  const { unreachableAfterSeconds, leaseSeconds } = situation.spec.failover;
  const tolerated = (unheardSeconds + unreachableAfterSeconds + leaseSeconds) * 1000;
  if (unheardMs(situation, name, from) <= tolerated) return undefined;
  return {
    reason: Reason.CandidateStalenessUnknown,
    message: `${name} has long not heard from ${from}, and nobody watched what ${from} wrote since: writes may be missing. Accept its data with the annotation understudy.dev/accept-data-of: "${name}@${epochOf(situation.status)}", or start ${from}.`,
  };
};

const hostCanRunUnits: Check = ({ situation, name }) => {
  if (situation.spec.units.length === 0) return undefined;
  const { host } = observed(situation, name);
  if (host.state !== 'answers')
    return {
      reason: Reason.CandidateHostSilent,
      message: `${name}'s host does not answer: the units could not be started there.`,
    };
  const missing = situation.spec.units.find(
    (unit) => !host.units.some((seen) => seen.name === unit.name && seen.state !== 'unknownUnit'),
  );
  return missing === undefined
    ? undefined
    : {
        reason: Reason.CandidateUnitMissing,
        message: `${name}'s host does not know the unit ${missing.name}. Install it there.`,
      };
};

/** In this order: the first reason is the one that is told. */
const checks: readonly Check[] = [
  isReplicaOfIt,
  holdsWhatWasLost,
  isNotSyncing,
  linkIsUp,
  wasInSync,
  isCloseBehind,
  heardEnough,
  diskWorks,
  mayBePromoted,
];

/** Why `name` may not take over from `from`, or nothing. Planned: `from` is alive and hands over. */
export function whyNotLead(
  situation: Situation,
  name: string,
  from: string,
  planned: boolean,
): Finding | undefined {
  const view = answering(situation, name);
  if (view === undefined)
    return {
      reason: Reason.CandidateUnreachable,
      message: `${name} ${describe(observed(situation, name).redis.state)}.`,
    };
  const wish = situation.wishes.acceptDataOf;
  const accepted = wish?.node === name && isCurrentWish(situation.status, wish.epoch);
  const candidacy: Candidacy = { situation, name, from, planned, accepted };
  for (const check of checks) {
    const finding = check(candidacy, view);
    if (finding !== undefined) return finding;
  }
  // In a failover writes come first: units that cannot start there are told of, and do not keep the group down.
  return planned ? hostCanRunUnits(candidacy, view) : undefined;
}

/** What else keeps the units off a node that may lead (for FailoverReady). */
export function whyNotRunUnits(situation: Situation, name: string): Finding | undefined {
  const view = answering(situation, name);
  return view === undefined
    ? undefined
    : hostCanRunUnits({ situation, name, from: name, planned: true, accepted: false }, view);
}

/**
 * The best node to take over from a dead `from` (or `from` itself, when it was merely demoted): the one with the most
 * data, where that can be told, then the one that a change under way leads to, the requested one, and spec order.
 * `asked`: takes over instead if it may, unless another one holds more than it by more than maxLagBytes.
 */
export function bestCandidate(
  situation: Situation,
  from: string,
  asked?: string,
): { name: string } | { refusals: Finding[] } {
  const selfToo = answering(situation, from)?.role === 'replica';
  const names = [...others(situation, from), ...(selfToo ? [from] : [])].filter((name) =>
    specOf(situation, name),
  );
  const refusals: Finding[] = [];
  const eligible: string[] = [];
  for (const name of names) {
    const finding = whyNotLead(situation, name, from, false);
    if (finding === undefined) eligible.push(name);
    else refusals.push(finding);
  }
  eligible.sort((a, b) => rank(situation, a, from) - rank(situation, b, from));
  const [first, ...rest] = eligible;
  if (first === undefined) return { refusals };
  const best = rest.reduce((most, name) => (holdsMore(situation, name, most) ? name : most), first);
  const isAsked =
    asked !== undefined && eligible.includes(asked) && !holdsTooMuchMore(situation, best, asked);
  return { name: isAsked ? asked : best };
}

/** More than the policy gives up for somebody's wish. */
function holdsTooMuchMore(situation: Situation, best: string, asked: string): boolean {
  const [one, other] = [answering(situation, best), answering(situation, asked)];
  if (best === asked || one === undefined || other === undefined) return false;
  const relation = relate(one, other);
  if (relation.kind === 'unrelated') return holdsMore(situation, best, asked);
  return isAheadBy(relation, situation.spec.failover.maxLagBytes);
}

/** Offsets of two histories do not compare: a server that restarted may tell a small one and hold all it had. */
function holdsMore(situation: Situation, name: string, best: string): boolean {
  const [one, other] = [answering(situation, name), answering(situation, best)];
  if (one === undefined || other === undefined) return one !== undefined;
  if (relate(one, other).kind === 'unrelated') {
    if (other.keys === 0 || one.keys === 0) return one.keys > 0;
    // The one that still names the recorded history holds what was acknowledged under it; the other began anew.
    return isRecorded(situation, one) && !isRecorded(situation, other);
  }
  return one.offset > other.offset;
}

const isRecorded = (
  { status }: Situation,
  { replicationId, previousReplicationId }: PrimaryView | ReplicaView,
): boolean => {
  const own = status.primaryReplicationId;
  return own !== undefined && (replicationId === own || previousReplicationId === own);
};

function rank(situation: Situation, name: string, from: string): number {
  if (name === situation.status.transition?.to) return 0;
  if (name === from) return 1;
  return name === situation.spec.primary ? 2 : 3;
}

function describe(state: Evidence['port'] | 'answers'): string {
  return state === 'refused'
    ? 'is not running: nothing listens on its port'
    : `cannot be used: its Redis is ${state}`;
}
