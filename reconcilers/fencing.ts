import type { Fence, FencingProof } from '../crd/status.ts';
import type { Action, ProvedStopped } from './action.ts';
import type { Analysis } from './analysis.ts';
import { attendedUntil, unaccounted } from './attendance.ts';
import { isWatched, refusesWritesInMs, unitsEndedInMs } from './lease.ts';
import { isoTime, nodeMemory } from './memory.ts';
import type { UnitView } from './observation.ts';
import { proofOfPowerOff } from './power-off.ts';
import type { Finding } from './reasons.ts';
import { Reason } from './reasons.ts';
import { maxLagSeconds } from './redis-config.ts';
import type { Situation } from './situation.ts';
import {
  answering,
  epochOf,
  lastSeenOf,
  nodeNames,
  observed,
  others,
  progressOf,
  specOf,
} from './situation.ts';

/** A unit that runs, or may be about to, or may not have ended yet. */
function isActive(unit: UnitView): boolean {
  return unit.state === 'running' || unit.state === 'starting' || unit.state === 'stopping';
}

/** The group's units that are active on a node; undefined when its host does not say. */
export function activeUnits(situation: Situation, name: string): string[] | undefined {
  const { host } = observed(situation, name);
  if (host.state !== 'answers') return undefined;
  const wanted = new Set(situation.spec.units.map((unit) => unit.name));
  return host.units.filter((unit) => wanted.has(unit.name) && isActive(unit)).map((unit) => unit.name);
}

/** What proves that nothing of the group runs on a node that does not answer: neither units nor a Redis that takes writes. */
export function proofOfFence(situation: Situation, name: string): FencingProof | undefined {
  const off = proofOfPowerOff(situation, name);
  if (off !== undefined) return off;
  return unitsEndedInMs(situation, name) === 0 ? 'LeaseExpired' : undefined;
}

/** What proves that no unit of the group runs on a node. `Unreachable` is no proof. */
function proofOfStop(situation: Situation, name: string): FencingProof | undefined {
  if (situation.spec.units.length === 0) return 'Stopped';
  const active = activeUnits(situation, name);
  if (active === undefined) return proofOfFence(situation, name);
  return active.length === 0 ? 'Stopped' : undefined;
}

/**
 * Proofs for every node but `name`, or the nodes that lack one. `stopping` are nodes whose units an earlier
 * action of the same plan stops: its confirmation is their proof.
 */
export function proofsElsewhere(
  situation: Situation,
  name: string,
  stopping: readonly string[],
): { proofs: ProvedStopped[]; unproved: string[] } {
  const proofs: ProvedStopped[] = [];
  const unproved: string[] = [];
  for (const other of others(situation, name)) {
    const proof = stopping.includes(other) ? 'Stopped' : proofOfStop(situation, other);
    if (proof !== undefined) proofs.push({ node: other, proof });
    else if (!mayBeAssumedStopped(situation, other)) unproved.push(other);
  }
  return { proofs, unproved };
}

/** fencing: BestEffort lets a long silence count. The operator chose that against S1. */
function mayBeAssumedStopped(situation: Situation, name: string): boolean {
  const { fencing, unreachableAfterSeconds, leaseSeconds } = situation.spec.failover;
  const since = nodeMemory(situation.memory, name).hostSilentSince;
  if (fencing === 'Required' || since === undefined) return false;
  return situation.now - since >= (unreachableAfterSeconds + leaseSeconds) * 1000;
}

/** A Redis that two orders to stop did not end is switched off with its machine, where that can be done. */
const toleratedFailures = 2;

export type FencePlan =
  /** `byRefusal`: it may be running, and refuses writes for as long as no replica comes to it. */
  | { readonly kind: 'ready'; readonly actions: readonly Action[]; readonly byRefusal?: boolean }
  /** `retryInMs`: when the mere passing of time will have fenced it. */
  | { readonly kind: 'missing'; readonly finding: Finding; readonly retryInMs?: number };

/** What must happen to the old primary before the new one may take writes. */
export function fencePlan(situation: Situation, from: string, analysis: Analysis, epoch: number): FencePlan {
  const ready = (actions: readonly Action[]): FencePlan => {
    const isOff = actions.length > 0 || proofOfPowerOff(situation, from) !== undefined;
    return { kind: 'ready', actions, byRefusal: analysis.fence === 'everything' && !isOff };
  };
  if (analysis.fence === 'none') return ready([]);
  const outOfBand = specOf(situation, from)?.fence !== undefined;
  const failures = progressOf(situation)?.failedFences ?? 0;
  if (analysis.fence === 'stopRedis') {
    const method = outOfBand && failures >= toleratedFailures ? 'outOfBand' : 'stopRedis';
    return ready([{ kind: 'fence', node: from, method, epoch }]);
  }
  // A host that answers stops the units itself: the plan has them stopped before any start.
  const unitsInReach = situation.spec.units.length === 0 || activeUnits(situation, from) !== undefined;
  if (analysis.fence === 'units' && unitsInReach) return ready([]);
  if (proofOfFence(situation, from) !== undefined) return ready([]);
  // The other machine may be out of reach as well: then the node's own watch is as good, only slower.
  const isRefused = failures > 0 && refusalByLease(situation, from) === 0;
  if (outOfBand && isRefused) return ready([]);
  if (outOfBand) return ready([{ kind: 'fence', node: from, method: 'outOfBand', epoch }]);
  if (situation.spec.failover.fencing === 'BestEffort') return ready([]);
  // Its process is dead: writes may pass on at once, and the units wait for the end of its lease.
  if (analysis.fence === 'units' && isWatched(situation, from)) return ready([]);
  const byLease = refusalByLease(situation, from);
  if (byLease === 0) return ready([]);
  if (byLease !== undefined)
    return { kind: 'missing', finding: waitsForLease(situation, from), retryInMs: byLease };
  return { kind: 'missing', finding: unproved(situation, from) };
}

/**
 * The proof of a fence from another machine may have died with the controller that had it, once the new primary led:
 * the units wait for it, and it is safe to have it again.
 */
export function fencesAgain(situation: Situation, primary: string, epoch: number): Action[] {
  const { transition } = situation.status;
  const from = transition?.from;
  if (transition?.kind !== 'Failover' || transition.step !== 'Fence') return [];
  if (from === undefined || from === primary || specOf(situation, from)?.fence === undefined) return [];
  if ((progressOf(situation)?.failedFences ?? 0) > 0 || answering(situation, from) !== undefined) return [];
  return proofOfStop(situation, from) !== undefined || activeUnits(situation, from) !== undefined
    ? []
    : [{ kind: 'fence', node: from, method: 'outOfBand', epoch }];
}

function unproved(situation: Situation, from: string): Finding {
  const keeper = isWatched(situation, from) ? unaccounted(situation, from) : undefined;
  const why =
    keeper === undefined
      ? 'nothing proves that it is off'
      : `its own watch proves nothing, since ${keeper} does not answer, either, and may be its replica still`;
  const message = `${from} may still be running and ${why}. Switch it off, then say so with the annotation understudy.dev/confirm-fenced: "${from}@${epochOf(situation.status)}"; or give it spec.nodes[].fence.`;
  return { reason: Reason.FencingMissing, message };
}

/** How long a primary that no replica hears goes on taking writes at the most, when it refuses them alone (ms). */
const refusalMs = (maxLagSeconds + 2) * 1000;

/**
 * When (ms from now; 0: it does) a silent, watched primary takes no more writes, so that another may: by its own
 * min-replicas-to-write, or by its watch. Its units are another matter: they wait for the lease.
 */
function refusalByLease(situation: Situation, from: string): number | undefined {
  const byWatch = refusesWritesInMs(situation, from);
  // With a replica beside it on the far side it may go on for ever.
  if (byWatch === undefined || unaccounted(situation, from) !== undefined) return undefined;
  const { redisDownSince } = nodeMemory(situation.memory, from);
  const { now } = situation;
  if (lastSeenOf(situation, from)?.refusesAlone !== true || redisDownSince === undefined) return byWatch;
  // Its replicas acknowledge for as long as they hear it, and a little longer for all that they know.
  const silent = now - Math.max(redisDownSince, attendedUntil(situation, from));
  return Math.min(byWatch, Math.max(0, refusalMs - silent));
}

function waitsForLease(situation: Situation, from: string): Finding {
  const byWatch = situation.now + (refusesWritesInMs(situation, from) ?? 0);
  const message = `${from} may still take writes; its own watch has ended that by ${isoTime(Math.ceil(byWatch / 1000) * 1000)} at the latest. To be quicker, switch it off and say so with the annotation understudy.dev/confirm-fenced: "${from}@${epochOf(situation.status)}".`;
  return { reason: Reason.WaitingForLease, message };
}

/** Fences that still hold: of nodes that have not answered since, plus what this pass knows anew. */
export function currentFences(situation: Situation): Fence[] {
  const fences: Fence[] = [];
  for (const name of nodeNames(situation)) {
    const proof = proofOfFence(situation, name);
    if (proof === undefined) continue;
    const known = situation.status.fences?.find((fence) => fence.node === name && fence.proof === proof);
    fences.push(
      known ?? { node: name, proof, epoch: epochOf(situation.status), time: isoTime(situation.now) },
    );
  }
  return fences;
}
