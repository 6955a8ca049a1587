import type { FailoverGroupSpec } from '../crd/failover-group.ts';
import type { Status } from '../crd/status.ts';
import { attendedUntil } from './attendance.ts';
import type { Memory } from './memory.ts';
import { nodeMemory } from './memory.ts';
import { Reason } from './reasons.ts';
import type { Situation } from './situation.ts';
import { epochOf, observed } from './situation.ts';

/**
 * How the watch on a node keeps time (deploy/understudy-node, `watch`), in ms. Each is the longest that it may
 * take there; together they bound how long a unit can outlive its lease.
 */
export const leaseTimes = {
  /** A renewal is reckoned from a round trip that may have taken this long. */
  slackMs: 1_000,
  /** A replica that acknowledged this long ago counts as attached. */
  acknowledgedMs: 3_000,
  /** Between two looks of the watch: a second's pause, and a second for Redis to answer. */
  lookMs: 2_000,
  /** Units that have not ended by then are killed. */
  stopDeadlineMs: 3_000,
  killMs: 1_000,
} as const;

const endingMs = leaseTimes.lookMs + leaseTimes.stopDeadlineMs + leaseTimes.killMs;

export interface LeaseRenewal {
  readonly seconds: number;
  readonly epoch: number;
}

/**
 * The nodes whose lease the next look renews: those whose host answered the last one. A host that falls silent
 * has thus got its last renewal before the look that found it silent, and that is what its end is counted from.
 */
export function renewals(
  spec: FailoverGroupSpec,
  status: Status,
  memory: Memory,
): ReadonlyMap<string, LeaseRenewal> {
  const { leaseSeconds } = spec.failover;
  const due = new Map<string, LeaseRenewal>();
  const wanted = leaseSeconds > 0 && spec.units.length > 0;
  const agent = status.conditions?.some(({ reason }) => reason === Reason.OtherFailoverAgent) === true;
  for (const { name } of spec.nodes) {
    const known = status.nodes?.find((node) => node.name === name)?.lease;
    // Paused, or beside another agent, nothing is armed anew; what watches already shall not run out.
    const isArmed = known !== undefined && known.state !== 'absent';
    const concerns = wanted ? (!spec.paused && !agent) || isArmed : isArmed;
    if (concerns && nodeMemory(memory, name).hostAnswers === true)
      due.set(name, { seconds: wanted ? leaseSeconds : 0, epoch: epochOf(status) });
  }
  return due;
}

/** Whether a watch ran on the node when its host was last heard. */
export function isWatched(situation: Situation, name: string): boolean {
  const lease = situation.status.nodes?.find((node) => node.name === name)?.lease;
  return lease !== undefined && lease.state !== 'absent';
}

/**
 * When (ms) the node's lease has surely run out. undefined: no watch ran there, or its host answers and can be
 * asked itself.
 */
function runsOutAt(situation: Situation, name: string): number | undefined {
  const since = nodeMemory(situation.memory, name).hostSilentSince;
  const lease = situation.status.nodes?.find((node) => node.name === name)?.lease;
  if (since === undefined || lease === undefined || !isWatched(situation, name)) return undefined;
  if (observed(situation, name).host.state === 'answers') return undefined;
  return since + lease.seconds * 1000 + leaseTimes.slackMs;
}

/**
 * When (ms) a node surely refuses writes, by its watch, which lets it go on for as long as a replica acknowledges.
 * undefined: waiting does not bring it.
 */
export function refusesWritesAt(situation: Situation, name: string): number | undefined {
  const at = runsOutAt(situation, name);
  if (at === undefined) return undefined;
  return Math.max(at, attendedUntil(situation, name) + leaseTimes.acknowledgedMs) + endingMs;
}

/** How long (ms) until then; 0 when it does. */
export function refusesWritesInMs(situation: Situation, name: string): number | undefined {
  const at = refusesWritesAt(situation, name);
  return at === undefined ? undefined : Math.max(0, at - situation.now);
}

/**
 * How long (ms) until no unit can run on the node any more: its lease has run out, and no replica has been
 * attached to its Redis for so long that its watch has ended what ran there. undefined: waiting does not bring it.
 */
export function unitsEndedInMs(situation: Situation, name: string): number | undefined {
  const at = runsOutAt(situation, name);
  const alone = nodeMemory(situation.memory, name).aloneSince;
  if (at === undefined || alone === undefined) return undefined;
  return Math.max(0, Math.max(at, alone + leaseTimes.acknowledgedMs) + endingMs - situation.now);
}
