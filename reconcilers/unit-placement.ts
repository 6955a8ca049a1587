import type { Action } from './action.ts';
import { whyNotRunUnits } from './candidate.ts';
import { isCrashLooping } from './crash-loop.ts';
import { activeUnits, proofsElsewhere } from './fencing.ts';
import { unitsEndedInMs } from './lease.ts';
import { isoTime, nodeMemory } from './memory.ts';
import type { Finding } from './reasons.ts';
import { Reason } from './reasons.ts';
import type { Situation } from './situation.ts';
import { epochOf, nodeNames, observed, others } from './situation.ts';

/** Stops whatever runs beside any node but `keep`. */
export function stopElsewhere(situation: Situation, keep: string, epoch: number): Action[] {
  return others(situation, keep).flatMap((node) => {
    const units = activeUnits(situation, node) ?? [];
    return units.length === 0 ? [] : [{ kind: 'stopUnits' as const, node, units, epoch }];
  });
}

/** Units that run on several nodes at once: whatever else is undecided, that ends. */
export function stopDuplicates(situation: Situation, keep: string, epoch: number): Action[] {
  const kept = new Set(activeUnits(situation, keep) ?? []);
  const taken = new Set(kept);
  return others(situation, keep).flatMap((node) => {
    const active = activeUnits(situation, node) ?? [];
    const units = active.filter((unit) => taken.has(unit));
    for (const unit of active) taken.add(unit);
    return units.length === 0 ? [] : [{ kind: 'stopUnits' as const, node, units, epoch }];
  });
}

/** The group's units that do not run on `node`, though they could. */
function idleUnits(situation: Situation, node: string): string[] {
  const { host } = observed(situation, node);
  if (host.state !== 'answers') return [];
  return situation.spec.units
    .map((unit) => unit.name)
    .filter((name) => {
      const seen = host.units.find((unit) => unit.name === name);
      return seen?.state === 'stopped' || seen?.state === 'failed';
    });
}

export interface UnitStart {
  readonly actions: readonly Action[];
  readonly blocked?: Finding;
  readonly retryInMs?: number;
}

/** Longest wait between two starts of units that do not stay up (ms). */
const maxStartBackoffMs = 60_000;

/** Starts what does not run on the primary's node, once it is proved stopped on every other one. */
export function startBeside(
  situation: Situation,
  node: string,
  epoch: number,
  stopping: readonly string[],
): UnitStart {
  const units = idleUnits(situation, node);
  const refusal = situation.spec.units.length === 0 ? undefined : whyNotRunUnits(situation, node);
  const blocked = refusal === undefined ? {} : { blocked: refusal };
  if (units.length === 0) return { actions: [], ...blocked };
  const { proofs, unproved } = proofsElsewhere(situation, node, stopping);
  if (unproved.length > 0) return notProved(situation, unproved);
  const starts = nodeMemory(situation.memory, node).unitStarts;
  const backoff = starts === undefined ? 0 : Math.min(1000 * 2 ** (starts.count - 1), maxStartBackoffMs);
  const retryInMs = starts === undefined ? 0 : starts.at + backoff - situation.now;
  if (retryInMs > 0) return { actions: [], blocked: doNotStay(node, units, starts?.refusal), retryInMs };
  return { actions: [{ kind: 'startUnits', node, units, epoch, proofs }], ...blocked };
}

function notProved(situation: Situation, unproved: readonly string[]): UnitStart {
  const waits = unproved.map((name) => unitsEndedInMs(situation, name));
  const retryInMs = Math.max(...waits.map((ms) => ms ?? Number.POSITIVE_INFINITY));
  const [first] = unproved;
  const sworn = `say so with the annotation understudy.dev/confirm-fenced: "${first}@${epochOf(situation.status)}"`;
  const where = `Not proved stopped on ${unproved.join(', ')}, so the units are not started anywhere else.`;
  if (Number.isFinite(retryInMs)) {
    const message = `${where} The watch there has ended them by ${isoTime(Math.ceil((situation.now + retryInMs) / 1000) * 1000)}; if that node is certainly off, ${sworn} to be quicker.`;
    return { actions: [], blocked: { reason: Reason.WaitingForLease, message }, retryInMs };
  }
  const message = `${where} When that node is certainly off, ${sworn}; or bring its host back.`;
  return { actions: [], blocked: { reason: Reason.UnitsNotProvedStopped, message } };
}

function doNotStay(node: string, units: readonly string[], refusal: string | undefined): Finding {
  if (refusal !== undefined)
    return {
      reason: Reason.UnitsNotRunning,
      message: `${node} does not start ${units.join(', ')}: ${refusal} It is tried again with growing pauses.`,
    };
  const message = `${units.join(', ')} on ${node} ended soon after being started; started again later, with growing pauses. Look at the unit's log there.`;
  return { reason: Reason.UnitsNotRunning, message };
}

/** What keeps the units from being where they belong, or nothing. */
export function unitsFinding(situation: Situation, node: string): Finding | undefined {
  const astray = nodeNames(situation).filter(
    (name) => name !== node && (activeUnits(situation, name) ?? []).length > 0,
  );
  if (astray.length > 0)
    return {
      reason: Reason.UnitsMisplaced,
      message: `Units run on ${astray.join(', ')}, beside no primary; they are being stopped.`,
    };
  const { host } = observed(situation, node);
  if (host.state !== 'answers')
    return {
      reason: Reason.UnitsNotRunning,
      message: `${node}'s host does not answer: whether its units run is not known.`,
    };
  const looping = host.units.filter((unit) => isCrashLooping(situation, node, unit.name));
  if (looping.length > 0) {
    const names = looping.map((unit) => unit.name).join(', ');
    const message = `${names} on ${node} keeps ending and is restarted by systemd. Look at its log there: journalctl -u ${looping[0]?.name}.`;
    return { reason: Reason.UnitsNotRunning, message };
  }
  const waiting = host.units.filter((unit) => unit.state === 'starting' || unit.state === 'stopping');
  if (waiting.length > 0)
    return {
      reason: Reason.UnitsStarting,
      message: `${waiting.map((unit) => unit.name).join(', ')} on ${node} is on its way.`,
    };
  const idle = idleUnits(situation, node);
  return idle.length === 0
    ? undefined
    : { reason: Reason.UnitsNotRunning, message: `${idle.join(', ')} does not run on ${node}.` };
}
