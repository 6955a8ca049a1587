import type { Condition, ConditionType } from '../crd/status.ts';
import { whyNotLead } from './candidate.ts';
import { whyNotReadyToFailOver } from './failover-readiness.ts';
import type { Lead } from './lead.ts';
import { isoTime } from './memory.ts';
import { isInSync } from './node-status.ts';
import type { Plan } from './plan.ts';
import type { Finding } from './reasons.ts';
import { Reason } from './reasons.ts';
import type { Situation } from './situation.ts';
import { asPrimary, others } from './situation.ts';
import { unitsFinding } from './unit-placement.ts';

/** What a condition is judged on: the look, the decision and the plan of this pass. */
interface Verdict {
  readonly situation: Situation;
  readonly lead: Lead;
  readonly plan: Plan;
}

type Judgement = { readonly status: Condition['status'] } & Finding;
type Judge = (verdict: Verdict) => Judgement;

const yes = (reason: Reason, message: string): Judgement => ({ status: 'True', reason, message });
const no = (finding: Finding): Judgement => ({ status: 'False', ...finding });

const primaryAvailable: Judge = ({ lead }) => {
  if (lead.current !== undefined && lead.analysis?.verdict === 'alive')
    return lead.analysis.reason === Reason.PrimaryDiskFailing
      ? no({ reason: Reason.PrimaryDiskFailing, message: `${lead.current}: ${lead.analysis.message}` })
      : yes(Reason.PrimaryAlive, `${lead.current} answers as the primary.`);
  if (lead.analysis === undefined)
    return {
      status: 'Unknown',
      ...(lead.blocked ?? { reason: Reason.NoPrimaryKnown, message: 'No primary is known.' }),
    };
  const finding = { reason: lead.analysis.reason, message: `${lead.current}: ${lead.analysis.message}` };
  return lead.analysis.reason === Reason.PrimaryIsolatedFromController
    ? { status: 'Unknown', ...finding }
    : no(finding);
};

const inProgress: Readonly<Record<string, Reason>> = {
  Switchover: Reason.SwitchoverInProgress,
  Failover: Reason.FailoverInProgress,
  Failback: Reason.FailbackInProgress,
  Adoption: Reason.AdoptionInProgress,
};

const primaryAsRequested: Judge = ({ situation, lead, plan }) => {
  const wanted = situation.spec.primary;
  const change = lead.change;
  if (change !== undefined && situation.spec.paused)
    return no({
      reason: Reason.Paused,
      message: `The group is paused; otherwise ${change.to} would take over from ${change.from} now (${change.cause}).`,
    });
  if (change !== undefined && plan.blocked !== undefined) return no(plan.blocked);
  if (change !== undefined)
    return no({
      reason: inProgress[change.kind] ?? Reason.SwitchoverInProgress,
      message: `${change.to} is taking over from ${change.from}.`,
    });
  if (lead.current === wanted) return yes(Reason.AsRequested, `${wanted} leads, as spec.primary asks.`);
  if (lead.blocked !== undefined) return no(lead.blocked);
  const epoch = situation.status.epoch ?? 0;
  const how =
    situation.spec.failback.policy === 'Automatic'
      ? 'It moves back when that node has been in sync for failback.stableSeconds.'
      : `To move it back, run 'understudy failback' or set the annotation understudy.dev/failback: "${epoch}".`;
  return no({
    reason: Reason.FailedOver,
    message: `${lead.current ?? 'No node'} leads instead of ${wanted}, which was overtaken. ${how}`,
  });
};

const replicaInSync: Judge = ({ situation, lead }) => {
  if (lead.current === undefined)
    return { status: 'Unknown', reason: Reason.NoPrimaryKnown, message: 'No primary is known.' };
  const current = lead.current;
  if (asPrimary(situation, current) === undefined)
    return {
      status: 'Unknown',
      reason: Reason.PrimaryNotAnswering,
      message: `${current} does not answer as a primary: nothing can be in sync with it.`,
    };
  const lacking = others(situation, current).filter((name) => !isInSync(situation, name, current));
  if (lacking.length === 0) return yes(Reason.InSync, 'Every replica is linked and in sync.');
  const healthy = others(situation, current).length - lacking.length;
  const why = lacking.map(
    (name) => whyNotLead(situation, name, current, true)?.message ?? `${name} is not in sync yet.`,
  );
  return no({ reason: healthy === 0 ? Reason.NoReplica : Reason.ReplicaLagging, message: why.join(' ') });
};

const unitsPlaced: Judge = ({ situation, lead, plan }) => {
  if (situation.spec.units.length === 0) return yes(Reason.NoUnits, 'The group has no units.');
  if (lead.current === undefined || !lead.settled)
    return {
      status: 'Unknown',
      reason: Reason.UnitsWaitForPrimary,
      message: 'Units are placed when the primary is settled.',
    };
  const finding = plan.unitsBlocked ?? unitsFinding(situation, lead.current);
  return finding === undefined
    ? yes(Reason.Placed, `Every unit runs on ${lead.current} and nowhere else.`)
    : no(finding);
};

const failoverReady: Judge = (verdict) => {
  const finding = whyNotReadyToFailOver(verdict);
  return finding === undefined ? yes(Reason.WouldSucceed, 'A failover would succeed now.') : no(finding);
};

const paused: Judge = ({ situation }) =>
  situation.spec.paused
    ? yes(
        Reason.Paused,
        "spec.paused is true: the group is watched and left alone. Run 'understudy resume' to go on.",
      )
    : no({ reason: Reason.NotPaused, message: 'The group is being looked after.' });

const judges: readonly (readonly [ConditionType, Judge])[] = [
  ['PrimaryAvailable', primaryAvailable],
  ['PrimaryAsRequested', primaryAsRequested],
  ['ReplicaInSync', replicaInSync],
  ['UnitsPlaced', unitsPlaced],
  ['FailoverReady', failoverReady],
  ['Paused', paused],
];

/** Ready: a primary is on stage, its standby is in sync, its units run there, and nothing is under way. */
function ready(
  parts: readonly (readonly [ConditionType, Judgement])[],
  { lead, plan, situation }: Verdict,
): Judgement {
  const changing = lead.change !== undefined || situation.status.transition !== undefined;
  if (changing && situation.spec.paused)
    return no({
      reason: Reason.Paused,
      message: "A change of primary is due and the group is paused. Run 'understudy resume' to let it go on.",
    });
  if (situation.problem !== undefined) return no(situation.problem);
  for (const type of ['PrimaryAvailable', 'ReplicaInSync', 'UnitsPlaced'] as const) {
    const part = parts.find(([name]) => name === type)?.[1];
    if (part === undefined || part.status === 'True') continue;
    // What is waited for tells more than what is wrong.
    return no(type === 'PrimaryAvailable' ? (plan.blocked ?? lead.blocked ?? part) : part);
  }
  if (plan.blocked !== undefined) return no(plan.blocked);
  if (changing)
    return no({ reason: Reason.SwitchoverInProgress, message: 'A change of primary is under way.' });
  return yes(Reason.Converged, 'All is as it should be.');
}

/** All conditions, in their fixed order; lastTransitionTime moves only when a status flips. */
export function conditionsOf(situation: Situation, lead: Lead, plan: Plan): Condition[] {
  const parts = judges.map(([type, judge]) => [type, judge({ situation, lead, plan })] as const);
  const all = [['Ready', ready(parts, { situation, lead, plan })] as const, ...parts];
  return all.map(([type, judgement]) => {
    const before = situation.status.conditions?.find((condition) => condition.type === type);
    const kept = before?.status === judgement.status ? before.lastTransitionTime : isoTime(situation.now);
    const { status, reason, message } = judgement;
    return {
      type,
      status,
      reason,
      message,
      observedGeneration: situation.generation,
      lastTransitionTime: kept,
    };
  });
}
