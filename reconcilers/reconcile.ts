import type { FailedAttempt, Status } from '../crd/status.ts';
import type { Action } from './action.ts';
import { attendanceOf } from './attendance.ts';
import { conditionsOf } from './conditions.ts';
import { unsavedNodes } from './config-files.ts';
import { recountLosses } from './counted-losses.ts';
import { isCrashLooping } from './crash-loop.ts';
import { expectedPrimary } from './expected-primary.ts';
import { currentFences } from './fencing.ts';
import { coolingDown } from './guards.ts';
import { lapsedAnswers, withoutLapsed } from './lapsed-answers.ts';
import type { Lead } from './lead.ts';
import { decideLead } from './lead.ts';
import type { Memory } from './memory.ts';
import { isoTime, nodeMemory, remember } from './memory.ts';
import { isInSync, nodeStatuses } from './node-status.ts';
import type { UnitView } from './observation.ts';
import { passwordRotation } from './password-rotation.ts';
import type { Plan } from './plan.ts';
import { demotionsUnderWay, planFor, stoppedRedis } from './plan.ts';
import { takeUp } from './progress.ts';
import { Reason } from './reasons.ts';
import { differs } from './significance.ts';
import type { Situation } from './situation.ts';
import {
  answering,
  asPrimary,
  epochOf,
  follows,
  highestEpoch,
  nodeNames,
  others,
  progressOf,
} from './situation.ts';
import { abandoned, closed, isFinished, isPlanned, overcome, putBack, recorded } from './transition.ts';

const momentMs = 300;

/** What one pass decided. */
export interface Decision {
  readonly lead: Lead;
  readonly plan: Plan;
  /** In order; the first is a `record` whenever status must be written. Empty in steady state. */
  readonly actions: readonly Action[];
  /** Status as it should read now. */
  readonly status: Status;
  readonly memory: Memory;
  /** When (ms) a look is worth while though nothing tells of a change; undefined: at the usual probe. */
  readonly lookAgainInMs?: number;
}

/** (spec, observation, memory, now) → what to do, what to tell, what to remember. Pure. */
export function reconcile(asked: Situation): Decision {
  const input = withoutLapsed(asked);
  const seen = withMemory(putBack(input));
  const lead = decideLead(seen);
  const settled: Situation = { ...seen, status: settle(seen, lead) };
  const situation = isOvertaken(settled, lead) ? { ...settled, status: closed(settled) } : settled;
  const plan = planFor(situation, lead);
  // Paused, nothing is planned, and who leads is not settled: the change stays open until it goes on.
  const finished = !input.spec.paused && lead.change === undefined && isFinished(situation, plan.actions);
  const record = plan.actions.find((action) => action.kind === 'record');
  const base = finished ? closed(situation) : (record?.status ?? situation.status);
  const status = withLapsed(asked, told({ ...situation, status: base }, lead, plan));
  const acts = plan.actions.filter((action) => action.kind !== 'record');
  const worthTelling = acts.length > 0 || !isMomentary(situation, lead);
  const opens = status.transition !== undefined && status.transition.epoch !== input.status.transition?.epoch;
  const isNews = worthTelling && differs(input.status, status);
  const write: Action[] = isNews ? [{ kind: 'record', status, ...(opens ? { opens } : {}) }] : [];
  const lookAgainInMs = nextLook(situation, lead, plan);
  return {
    lead,
    plan,
    actions: [...write, ...acts],
    status,
    memory: finishing(situation, lead),
    ...(lookAgainInMs === undefined ? {} : { lookAgainInMs }),
  };
}

function withLapsed(asked: Situation, { lapsedAnswers: before, ...status }: Status): Status {
  const lapsed = lapsedAnswers(asked, before === undefined ? status : { ...status, lapsedAnswers: before });
  return lapsed.length === 0 ? status : { ...status, lapsedAnswers: lapsed };
}

/** Its new primary leads, and is asked to give the stage on before all is done: what it has cost is history all the same. */
function isOvertaken({ status, spec }: Situation, { settled, current, change }: Lead): boolean {
  const { transition } = status;
  if (spec.paused || !settled || change === undefined || transition === undefined) return false;
  return transition.to === current && transition.to !== change.to;
}

/** Another process began this change and its new primary leads: what is left to do is followed from here on. */
function finishing(situation: Situation, lead: Lead): Memory {
  const open = situation.status.transition;
  const leads = lead.settled && lead.change === undefined && open?.to === lead.current;
  return leads ? takeUp(situation.memory, open, situation.now) : situation.memory;
}

function withMemory(situation: Situation): Situation {
  const { memory, observation, now } = situation;
  const expected = expectedPrimary(situation);
  const inSync =
    expected.kind === 'none'
      ? []
      : others(situation, expected.node).filter((name) => isInSync(situation, name, expected.node));
  const alone = nodeNames(situation).filter((name) => isAlone(situation, name));
  const attended = Object.fromEntries(
    nodeNames(situation).map((name) => [name, attendanceOf(situation, name)]),
  );
  const { leaseSeconds } = situation.spec.failover;
  const standing = { inSync, alone, attended, leaseSeconds };
  return { ...situation, memory: remember(memory, observation, standing, now) };
}

/** Every other node answers, and none of them replicates from it. */
function isAlone(situation: Situation, name: string): boolean {
  return others(situation, name).every((other) => {
    const view = answering(situation, other);
    return view !== undefined && !(view.role === 'replica' && follows(situation, view, name));
  });
}

/** What this look alone settles in status: who leads, which request is met, what is over. */
function settle(situation: Situation, lead: Lead): Status {
  const judged = { ...situation.status, nodes: nodeStatuses(situation, lead.current) };
  if (!lead.settled || lead.current === undefined) return judged;
  const current = lead.current;
  // What is seen is kept while paused, too: a second restart would leave nothing that links it to the first.
  if (situation.spec.paused)
    return judged.currentPrimary === current ? withHistory(situation, judged, current) : judged;
  const { transition } = judged;
  let status: Status = recountLosses({ ...situation, status: judged }, progressOf(situation));
  if (transition !== undefined && transition.to !== current && lead.change === undefined)
    status = letGo({ ...situation, status }, lead);
  if (status.currentPrimary !== current) status = led(situation, status, current, lead);
  // A record older than what the hosts have seen (a restored backup): they would refuse everything under it.
  if (highestEpoch(situation) > epochOf(status)) status = { ...status, epoch: highestEpoch(situation) + 1 };
  status = withHistory(situation, status, current);
  const fulfilled = transition !== undefined && transition.to === current && isPlanned(transition);
  if (situation.spec.primary === current) return { ...status, handledPrimary: current };
  if (fulfilled) return { ...status, handledPrimary: transition.to };
  return lead.adopted === 'byHand' ? { ...status, handledPrimary: situation.spec.primary } : status;
}

function withHistory(situation: Situation, status: Status, current: string): Status {
  const history = asPrimary(situation, current)?.replicationId;
  return history === undefined ? status : { ...status, primaryReplicationId: history };
}

/** A recorded change that is no longer wanted (withdrawn, or its dead primary is alive again) or no longer possible. */
function letGo(situation: Situation, lead: Lead): Status {
  const { transition, ...rest } = situation.status;
  const impossible = transition !== undefined && isPlanned(transition) && lead.blocked !== undefined;
  const left = impossible && lead.blocked !== undefined ? abandoned(situation, lead.blocked) : rest;
  // The process that began it may have been stopped in the middle: what it sends when it goes on is of an old epoch.
  return progressOf(situation) === undefined ? { ...left, epoch: highestEpoch(situation) + 1 } : left;
}

function led(situation: Situation, status: Status, current: string, lead: Lead): Status {
  if (status.transition?.to === current) return { ...status, currentPrimary: current };
  const epoch = highestEpoch(situation) + 1;
  if (lead.adopted !== 'byHand') return { ...status, currentPrimary: current, epoch };
  const time = isoTime(situation.now);
  const from = status.currentPrimary === undefined ? {} : { from: status.currentPrimary };
  const record = {
    kind: 'Adoption' as const,
    ...from,
    to: current,
    epoch,
    cause: Reason.PromotedByHand,
    startTime: time,
    completionTime: time,
  };
  return {
    ...status,
    currentPrimary: current,
    epoch,
    ...recorded(status, record),
  };
}

function told(situation: Situation, lead: Lead, plan: Plan): Status {
  const conditions = conditionsOf(situation, lead, plan);
  const {
    fences: _before,
    demoting: _begun,
    stoppedRedis: _down,
    unsaved: _unwritten,
    passwordRotation: _rotation,
    failedAttempt,
    ...status
  } = situation.status;
  const demoting = demotionsUnderWay(situation, plan);
  const stopped = stoppedRedis(situation, plan);
  const unsaved = unsavedNodes(situation, plan.actions);
  const preserved = keptCopies(situation);
  const fences = currentFences(situation);
  const lags = (status.nodes ?? []).map((node) => node.lagBytes ?? 0);
  const attempt = pendingAttempt(situation, failedAttempt);
  return {
    ...status,
    ...attempt,
    ...passwordRotation(situation),
    observedGeneration: situation.generation,
    epoch: epochOf(status),
    replicaLagBytes: toldLag(Math.max(0, ...lags), situation.spec.failover.maxLagBytes),
    conditions,
    ...(fences.length === 0 ? {} : { fences }),
    ...(demoting.length === 0 ? {} : { demoting }),
    ...(stopped.length === 0 ? {} : { stoppedRedis: stopped }),
    ...(unsaved.length === 0 ? {} : { unsaved }),
    ...(preserved.length === 0 ? {} : { preserved }),
  };
}

/**
 * The lag as status tells it: 0 while it is tolerated, its order of magnitude beyond that. The exact one moves with
 * every write; figures have it.
 */
function toldLag(bytes: number, tolerated: number): number {
  return bytes <= tolerated ? 0 : 10 ** Math.floor(Math.log10(bytes));
}

/** A failed attempt is told while it is still asked for; what it wants back is forgotten once another node leads. */
function pendingAttempt(
  { spec, status }: Situation,
  attempt: FailedAttempt | undefined,
): Pick<Status, 'failedAttempt'> {
  if (attempt === undefined) return {};
  if (status.currentPrimary === attempt.to)
    return attempt.back === undefined ? {} : { failedAttempt: attempt };
  return attempt.to === spec.primary ? { failedAttempt: overcome(attempt) } : {};
}

const mostCopies = 20;

/** Every copy of diverged data that was set aside, the newest first: nobody shall have to search a disk for it. */
function keptCopies({ status, memory, spec }: Situation): NonNullable<Status['preserved']> {
  const known = status.preserved ?? [];
  const made = spec.nodes.flatMap(({ name }) => {
    const kept = nodeMemory(memory, name).preserved;
    if (kept === undefined || known.some((copy) => copy.node === name && copy.path === kept.path)) return [];
    return [{ node: name, path: kept.path, bytes: kept.bytes, epoch: epochOf(status) }];
  });
  return [...made, ...known].slice(0, mostCopies);
}

/** The first moments of a death look like many things: nothing is written (and synced to disk) before it is clear. */
function isMomentary(situation: Situation, lead: Lead): boolean {
  const since = situation.memory.nodes[lead.current ?? '']?.redisDownSince;
  return lead.analysis?.verdict === 'wait' && since !== undefined && situation.now - since < momentMs;
}

/** Something is on its way: how soon to look, in ms. */
function nextLook(situation: Situation, lead: Lead, plan: Plan): number | undefined {
  const waits = [lead.decidesInMs, plan.retryInMs, coolingDown(situation)?.retryInMs].filter(
    (ms) => ms !== undefined,
  );
  if (lead.analysis !== undefined && lead.analysis.verdict !== 'alive')
    waits.push(unsettledLook(situation, lead));
  const moving = situation.observation.nodes.some(
    (node) =>
      (node.redis.state === 'answers' && node.redis.role === 'replica' && node.redis.link !== 'up') ||
      node.redis.state === 'loading' ||
      (node.host.state === 'answers' && node.host.units.some((unit) => isMoving(situation, node.name, unit))),
  );
  if (moving) waits.push(100);
  return waits.length === 0 ? undefined : Math.max(1, Math.min(...waits));
}

function isMoving(situation: Situation, node: string, unit: UnitView): boolean {
  const moves = unit.state === 'starting' || unit.state === 'stopping';
  return moves && !isCrashLooping(situation, node, unit.name);
}

/**
 * A death shows at the port some ms before host and replicas know of it: look often at first, and the less often
 * the longer it lasts, so that many deaths at once do not keep each other from being dealt with.
 */
function unsettledLook(situation: Situation, lead: Lead): number {
  const since = situation.memory.nodes[lead.current ?? '']?.redisDownSince;
  return since === undefined ? 5 : Math.min(200, Math.max(5, (situation.now - since) / 4));
}
