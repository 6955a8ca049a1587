import { whyNotLead } from './candidate.ts';
import { evidenceOf } from './evidence.ts';
import { activeUnits, proofOfFence } from './fencing.ts';
import type { Finding } from './reasons.ts';
import { Reason } from './reasons.ts';
import type { Situation } from './situation.ts';
import { asPrimary, epochOf, others } from './situation.ts';
import { longestRetryMs } from './transition.ts';

/** Why something may not be done now, and when to look again if time alone can change it. */
interface Refusal {
  readonly finding: Finding;
  readonly retryInMs?: number;
}

type Guard = (situation: Situation, from: string, to: string) => Refusal | undefined;

const modeAllows: Guard = (situation, from, to) => {
  const { spec, status } = situation;
  // An operator promoted it already.
  if (asPrimary(situation, to) !== undefined) return undefined;
  const asked = spec.primary === to && status.handledPrimary !== to;
  if (spec.failover.mode === 'Automatic' || asked) return undefined;
  const message = `${from} is down and failover.mode is Manual. To fail over now, set spec.primary to ${to}.`;
  return { finding: { reason: Reason.FailoverIsManual, message } };
};

/** Not a choice of who leads but the rescue of the data: to wait is to lose it. */
const isRescue = (situation: Situation, from: string): boolean => evidenceOf(situation, from).stale;

/** Whether the last failover is too young for another one. */
export function coolingDown({ spec, status, now }: Situation): Refusal | undefined {
  const last = status.lastTransition;
  if (last?.kind !== 'Failover') return undefined;
  const retryInMs = Date.parse(last.completionTime) + spec.failover.cooldownSeconds * 1000 - now;
  // A time in the future is of a clock that was wrong; it shall not hold up anything.
  if (retryInMs <= 0 || retryInMs > spec.failover.cooldownSeconds * 1000) return undefined;
  const message =
    'The last failover is less than failover.cooldownSeconds old. The next one is made when that has passed.';
  return { finding: { reason: Reason.CoolingDown, message }, retryInMs };
}

const hasCooledDown: Guard = (situation, from) => {
  const refusal = coolingDown(situation);
  if (refusal === undefined) return undefined;
  const { reason, message } = refusal.finding;
  return { ...refusal, finding: { reason, message: `${from} is down. ${message}` } };
};

const attemptIsDue: Guard = ({ status, now }, _from, to) => {
  const failed = status.failedAttempt;
  if (failed === undefined || failed.to !== to) return undefined;
  const retryInMs = Date.parse(failed.retryTime) - now;
  if (retryInMs <= 0 || retryInMs > longestRetryMs) return undefined;
  return {
    finding: { reason: Reason.RetryingLater, message: `The last attempt was put back: ${failed.message}` },
    retryInMs,
  };
};

const targetCanLead: Guard = (situation, from, to) => {
  const finding = whyNotLead(situation, to, from, true);
  return finding === undefined ? undefined : { finding };
};

/** Units can be moved only from hosts that say whether they run. */
const unitsCanBeStopped: Guard = (situation, _from, to) => {
  if (situation.spec.units.length === 0) return undefined;
  const mute = others(situation, to).find(
    (name) => activeUnits(situation, name) === undefined && proofOfFence(situation, name) === undefined,
  );
  if (mute === undefined) return undefined;
  const message = `${mute}'s host does not answer: its units could not be proved stopped.`;
  return { finding: { reason: Reason.OldPrimaryHostSilent, message } };
};

const failoverGuards: readonly Guard[] = [modeAllows, hasCooledDown];
const switchoverGuards: readonly Guard[] = [attemptIsDue, targetCanLead, unitsCanBeStopped];

const first = (
  guards: readonly Guard[],
  situation: Situation,
  from: string,
  to: string,
): Refusal | undefined => {
  for (const guard of guards) {
    const refusal = guard(situation, from, to);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
};

export const whyNotFailOver: Guard = (situation, from, to) =>
  isRescue(situation, from) ? undefined : first(failoverGuards, situation, from, to);

/** A switchover that is on record has passed its guards; only what makes it impossible stops it then. */
export const whyNotSwitchOver: Guard = (situation, from, to) => {
  const open = situation.status.transition;
  const started = open?.to === to && open.epoch === epochOf(situation.status);
  return first(started ? [targetCanLead, unitsCanBeStopped] : switchoverGuards, situation, from, to);
};
