import { whyNotLead, whyNotRunUnits } from './candidate.ts';
import { coolingDown } from './guards.ts';
import type { Lead } from './lead.ts';
import { isInSync } from './node-status.ts';
import type { Finding } from './reasons.ts';
import { Reason } from './reasons.ts';
import type { Situation } from './situation.ts';
import { answering, asPrimary, observed, others } from './situation.ts';

interface Look {
  readonly situation: Situation;
  readonly lead: Lead;
}

/** In this order: the first thing that would keep a failover from succeeding now. */
const failoverChecks: readonly ((look: Look) => Finding | undefined)[] = [
  ({ situation }) =>
    situation.spec.paused
      ? { reason: Reason.Paused, message: 'The group is paused: nothing would be done.' }
      : undefined,
  ({ situation }) =>
    situation.spec.failover.mode === 'Manual'
      ? {
          reason: Reason.FailoverIsManual,
          message: 'failover.mode is Manual: a person must set spec.primary.',
        }
      : undefined,
  ({ situation, lead }) => {
    const current = lead.current;
    if (current === undefined) return { reason: Reason.NoPrimaryKnown, message: 'No primary is known.' };
    const findings = others(situation, current).map(
      (name) => whyNotLead(situation, name, current, false) ?? notSynced(situation, name, current),
    );
    return findings.every((finding) => finding !== undefined) ? findings[0] : undefined;
  },
  ({ situation }) => {
    const watched = situation.spec.nodes.find((node) => answering(situation, node.name)?.otherAgent === true);
    if (watched === undefined) return undefined;
    const message = `A Sentinel watches ${watched.name}: nothing would be done beside it.`;
    return { reason: Reason.OtherFailoverAgent, message };
  },
  ({ situation, lead }) => (lead.current === undefined ? undefined : mute(situation, lead.current)),
  ({ situation }) => coolingDown(situation)?.finding,
  ({ situation, lead }) =>
    firstOf(others(situation, lead.current ?? ''), (name) => whyNotRunUnits(situation, name)),
  ({ situation }) =>
    firstOf(
      situation.spec.nodes.map((node) => node.name),
      (name) => enabledAtBoot(situation, name),
    ),
  ({ situation, lead }) => (lead.current === undefined ? undefined : restartsItself(situation, lead.current)),
];

function notSynced(situation: Situation, name: string, current: string): Finding | undefined {
  return asPrimary(situation, current) === undefined || isInSync(situation, name, current)
    ? undefined
    : { reason: Reason.ReplicaLagging, message: `${name} is not in sync with ${current}.` };
}

function firstOf(
  names: readonly string[],
  check: (name: string) => Finding | undefined,
): Finding | undefined {
  for (const name of names) {
    const finding = check(name);
    if (finding !== undefined) return finding;
  }
  return undefined;
}

function mute(situation: Situation, name: string): Finding | undefined {
  if (situation.spec.units.length === 0 || observed(situation, name).host.state === 'answers')
    return undefined;
  const message = `${name}'s host does not answer: its units could not be proved stopped, and would not be started elsewhere.`;
  return { reason: Reason.OldPrimaryHostSilent, message };
}

function enabledAtBoot(situation: Situation, name: string): Finding | undefined {
  const { host } = observed(situation, name);
  if (host.state !== 'answers') return undefined;
  const unit = host.units.find((seen) => seen.enabledAtBoot);
  if (unit === undefined) return undefined;
  const message = `${unit.name} is enabled at boot on ${name}: after a reboot it would start beside no primary. Run 'systemctl disable ${unit.name}' there.`;
  return { reason: Reason.UnitEnabledAtBoot, message };
}

function restartsItself(situation: Situation, name: string): Finding | undefined {
  const { host } = observed(situation, name);
  const unit = host.state === 'answers' ? host.redisUnit : undefined;
  if (unit?.restartsItself !== true) return undefined;
  const message = `${unit.name} on ${name} restarts by itself: after a crash it may come back with an old snapshot before a failover is made. Set Restart=no for it.`;
  return { reason: Reason.RedisRestartsItself, message };
}

/** Why a failover would not succeed now, or nothing: FailoverReady tells it all the time. */
export function whyNotReadyToFailOver(look: Look): Finding | undefined {
  for (const check of failoverChecks) {
    const finding = check(look);
    if (finding !== undefined) return finding;
  }
  return undefined;
}
