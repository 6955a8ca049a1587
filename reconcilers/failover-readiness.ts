import { unaccounted } from './attendance.ts';
import { whyNotLead, whyNotRunUnits } from './candidate.ts';
import { coolingDown } from './guards.ts';
import type { Lead } from './lead.ts';
import { isWatched } from './lease.ts';
import { isInSync } from './node-status.ts';
import type { Finding } from './reasons.ts';
import { Reason } from './reasons.ts';
import type { Situation } from './situation.ts';
import { answering, asPrimary, nodeNames, observed, others, specOf } from './situation.ts';

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
  ({ situation }) => firstOf(nodeNames(situation), (name) => unusableHost(situation, name)),
  ({ situation, lead }) => (lead.current === undefined ? undefined : mute(situation, lead.current)),
  ({ situation }) => firstOf(nodeNames(situation), (name) => wrongLogin(situation, name)),
  ({ situation, lead }) => (lead.current === undefined ? undefined : unfenced(situation, lead.current)),
  ({ situation }) => coolingDown(situation)?.finding,
  ({ situation, lead }) =>
    firstOf(others(situation, lead.current ?? ''), (name) => whyNotRunUnits(situation, name)),
  ({ situation }) => firstOf(nodeNames(situation), (name) => enabledAtBoot(situation, name)),
  ({ situation }) => firstOf(nodeNames(situation), (name) => lacksRoom(situation, name)),
  ({ situation, lead }) => (lead.current === undefined ? undefined : restartsItself(situation, lead.current)),
];

/** Not in sync, and why, if that can be told. */
function notSynced(situation: Situation, name: string, current: string): Finding | undefined {
  if (asPrimary(situation, current) === undefined || isInSync(situation, name, current)) return undefined;
  const message = `${name} is not in sync with ${current}.`;
  return whyNotLead(situation, name, current, true) ?? { reason: Reason.ReplicaLagging, message };
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

/** It answers, and cannot be worked with: an unknown host key, a refused login, no sudo. */
function unusableHost(situation: Situation, name: string): Finding | undefined {
  const { host } = observed(situation, name);
  if (host.state !== 'unusable') return undefined;
  return { reason: Reason.HostUnusable, message: `${name}'s host cannot be used: ${host.detail}` };
}

/** Passwords must hold in both directions: each node takes the group's, and each would use it as a replica. */
function wrongLogin(situation: Situation, name: string): Finding | undefined {
  const { redis } = observed(situation, name);
  if (redis.state === 'unauthorised') {
    const message = `${name}'s Redis refuses the group's password: set requirepass there, or mend spec.redis.auth.`;
    return { reason: Reason.LoginWrong, message };
  }
  if (redis.state !== 'answers' || redis.replicationLogin !== 'wrong') return undefined;
  // In a rotation every node takes the old one still.
  if (redis.password === 'former' || situation.status.passwordRotation !== undefined) return undefined;
  const message = `${name} would log in to another primary with a wrong masterauth or masteruser; it is being set. If this lasts, allow the controller's user CONFIG SET there.`;
  return { reason: Reason.LoginWrong, message };
}

/** Whether anything could prove that the primary's units are gone when its machine falls silent. */
function unfenced(situation: Situation, name: string): Finding | undefined {
  const { spec } = situation;
  const node = specOf(situation, name);
  if (spec.units.length === 0 || spec.failover.fencing === 'BestEffort' || node === undefined)
    return undefined;
  if (node.local !== undefined) return besidePrimary(situation, name);
  if (node.fence !== undefined) return undefined;
  if (isWatched(situation, name)) return keptGoing(situation, name);
  const how =
    spec.failover.leaseSeconds === 0
      ? `Give it spec.nodes[].fence, or set spec.failover.leaseSeconds.`
      : `Its watch is not running yet; it is started with the next look. If this lasts, run 'systemctl status understudy-lease-*' there.`;
  const message = `If ${name}'s machine fell silent, nothing would prove that its units are stopped, and they would start nowhere else. ${how}`;
  return { reason: Reason.FencingMissing, message };
}

/** A watch ends nothing while a replica acknowledges: one that is out of sight could, for all that is known. */
function keptGoing(situation: Situation, name: string): Finding | undefined {
  const keeper = unaccounted(situation, name);
  if (keeper === undefined) return undefined;
  const message = `If ${name}'s machine fell silent, its watch would prove nothing: ${keeper} is out of sight and might be its replica still. Bring ${keeper} back, or take it out of spec.nodes, or give ${name} a spec.nodes[].fence.`;
  return { reason: Reason.FencingMissing, message };
}

/** On the machine of the primary the controller dies with it; where everything is on one machine, nothing is lost by that. */
function besidePrimary(situation: Situation, name: string): Finding | undefined {
  if (situation.spec.nodes.every((node) => node.local !== undefined)) return undefined;
  const message = `The controller runs on ${name}'s own machine: it serves for switchovers and crashes of Redis, but when that machine dies nobody fails over. Run it on a third machine.`;
  return { reason: Reason.ControllerBesidePrimary, message };
}

/** Diverged data is copied aside before a node is made a replica: a copy takes about as much as the data does in memory. */
function lacksRoom(situation: Situation, name: string): Finding | undefined {
  const { host } = observed(situation, name);
  const view = answering(situation, name);
  if (host.state !== 'answers' || host.freeDiskBytes === undefined || view === undefined) return undefined;
  if (host.freeDiskBytes >= view.usedMemoryBytes) return undefined;
  // No figures: they change all the time, and each change would be written.
  const message = `${name} has less disk free than its data takes in memory: after a failover its diverged data could not be copied aside. Free space there.`;
  return { reason: Reason.NoRoomForCopy, message };
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
