import type { Fence, FencingProof } from '../crd/status.ts';
import type { Action, ProvedStopped } from './action.ts';
import type { Analysis } from './analysis.ts';
import { isoTime, nodeMemory } from './memory.ts';
import type { UnitView } from './observation.ts';
import type { Finding } from './reasons.ts';
import { Reason } from './reasons.ts';
import type { Situation } from './situation.ts';
import { answering, epochOf, isCurrentWish, nodeNames, observed, others, specOf } from './situation.ts';

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

/** What proves that the whole node is off; a host that answers is not. */
export function proofOfPowerOff(situation: Situation, name: string): FencingProof | undefined {
  const { host } = observed(situation, name);
  if (host.state === 'answers' || answering(situation, name) !== undefined) return undefined;
  const sworn = situation.wishes.confirmedFenced;
  if (sworn?.node === name && isCurrentWish(situation.status, sworn.epoch)) return 'OperatorConfirmed';
  if (situation.memory.poweredOff.includes(name)) return 'PoweredOff';
  return situation.status.fences?.find((fence) => fence.node === name)?.proof;
}

/** What proves that no unit of the group runs on a node. `Unreachable` is no proof. */
function proofOfStop(situation: Situation, name: string): FencingProof | undefined {
  if (situation.spec.units.length === 0) return 'Stopped';
  const active = activeUnits(situation, name);
  if (active === undefined) return proofOfPowerOff(situation, name);
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

export type FencePlan =
  | { readonly kind: 'ready'; readonly actions: readonly Action[] }
  | { readonly kind: 'missing'; readonly finding: Finding };

/** What must happen to the old primary before the new one may take writes. */
export function fencePlan(situation: Situation, from: string, analysis: Analysis, epoch: number): FencePlan {
  const ready = (actions: readonly Action[]): FencePlan => ({ kind: 'ready', actions });
  if (analysis.fence === 'none') return ready([]);
  if (analysis.fence === 'stopRedis')
    return ready([{ kind: 'fence', node: from, method: 'stopRedis', epoch }]);
  // A host that answers stops the units itself: the plan has them stopped before any start.
  const unitsInReach = situation.spec.units.length === 0 || activeUnits(situation, from) !== undefined;
  if (analysis.fence === 'units' && unitsInReach) return ready([]);
  if (proofOfPowerOff(situation, from) !== undefined) return ready([]);
  if (specOf(situation, from)?.fence !== undefined)
    return ready([{ kind: 'fence', node: from, method: 'outOfBand', epoch }]);
  if (situation.spec.failover.fencing === 'BestEffort') return ready([]);
  const message = `${from} may still be running and nothing proves that it is off. Switch it off, then say so with the annotation understudy.dev/confirm-fenced: "${from}@${epochOf(situation.status)}"; or give it spec.nodes[].fence.`;
  return { kind: 'missing', finding: { reason: Reason.FencingMissing, message } };
}

/** Fences that still hold: of nodes that have not answered since, plus what this pass knows anew. */
export function currentFences(situation: Situation): Fence[] {
  const fences: Fence[] = [];
  for (const name of nodeNames(situation)) {
    const proof = proofOfPowerOff(situation, name);
    if (proof === undefined) continue;
    const known = situation.status.fences?.find((fence) => fence.node === name && fence.proof === proof);
    fences.push(
      known ?? { node: name, proof, epoch: epochOf(situation.status), time: isoTime(situation.now) },
    );
  }
  return fences;
}
