import type { Action } from './action.ts';
import type { Analysis } from './analysis.ts';
import { unsavedWrites } from './config-files.ts';
import { fencePlan, fencesAgain } from './fencing.ts';
import type { Change, Lead } from './lead.ts';
import { rogues } from './lead.ts';
import { leftovers } from './leftovers.ts';
import { nodeMemory } from './memory.ts';
import { rotationActions } from './password-rotation.ts';
import { mayBePaused, whatKeeps, wouldBeWiped } from './preserve.ts';
import type { Finding } from './reasons.ts';
import { Reason } from './reasons.ts';
import { configActions, openWhilePaused, refusedSetting } from './redis-config.ts';
import { historyOf, holdsMoreThan } from './replication-history.ts';
import type { Situation } from './situation.ts';
import { answering, asPrimary, asReplica, epochOf, follows, observed, others, specOf } from './situation.ts';
import { isUnderWay, openTransition, stepOf } from './transition.ts';
import { startBeside, stopDuplicates, stopElsewhere } from './unit-placement.ts';

/** The fewest actions that lead from what is seen to what is wanted, in order; and what is waited for. */
export interface Plan {
  readonly actions: readonly Action[];
  /** Why part of what is wanted is not in the plan. */
  readonly blocked?: Finding;
  readonly unitsBlocked?: Finding;
  readonly retryInMs?: number;
}

export function planFor(situation: Situation, lead: Lead): Plan {
  const epoch = epochOf(situation.status);
  if (lead.blocked?.reason === Reason.OtherFailoverAgent) return { actions: [] };
  if (situation.spec.paused) return { actions: openWhilePaused(situation, lead.current, epoch) };
  if (lead.change !== undefined) return changeOver(situation, lead.change, lead.analysis);
  if (lead.settled && lead.current !== undefined) return arrangeAround(situation, lead.current, epoch);
  return { actions: stopDuplicates(situation, lead.current ?? situation.spec.primary, epoch) };
}

/** A change of primary, from its record to the last repointed replica. */
function changeOver(situation: Situation, change: Change, analysis: Analysis | undefined): Plan {
  const underWay = isUnderWay(situation, change);
  const kept = keptBefore(situation, change, epochOf(situation.status));
  if (kept !== undefined) return kept;
  const epoch = underWay ? epochOf(situation.status) : 0;
  const draft = changeActions(situation, change, analysis, epoch);
  if ('finding' in draft)
    return {
      actions: stopDuplicates(situation, change.from, epochOf(situation.status)),
      blocked: draft.finding,
      ...(draft.retryInMs === undefined ? {} : { retryInMs: draft.retryInMs }),
    };
  if (underWay) return draft;
  const transition = openTransition(situation, change, stepOf(draft.actions));
  const status = { ...situation.status, epoch: transition.epoch, transition };
  // An automatic failover overtakes whatever was asked for: nothing moves again until somebody asks anew.
  const handled = change.kind === 'Failover' ? { handledPrimary: situation.spec.primary } : {};
  const stamped = draft.actions.map((action) =>
    action.kind === 'record' ? action : { ...action, epoch: transition.epoch },
  );
  const record = { ...status, ...handled, ...historyTakenUp(situation, change) };
  return { ...draft, actions: [{ kind: 'record', status: record }, ...stamped] };
}

/** Who follows the one to be promoted already copies its data as soon as it leads: what it alone holds is kept before. */
function keptBefore(situation: Situation, { from, to, how }: Change, epoch: number): Plan | undefined {
  if (how !== 'promote') return undefined;
  const [keep] = others(situation, to)
    .filter((node) => wouldBeWiped(situation, node, to))
    .flatMap((node) => whatKeeps(situation, node, to, epoch) ?? []);
  if (keep === undefined) return undefined;
  const stops = stopDuplicates(situation, from, epoch);
  return keep.kind === 'preserve' ? { actions: [...stops, keep] } : { actions: stops, blocked: keep };
}

/**
 * A demoted primary that takes the stage again goes on from what it holds now: without that on record its next
 * history would look like that of one that came back without its data.
 */
function historyTakenUp(
  situation: Situation,
  { from, to }: Change,
): { readonly primaryReplicationId?: string } {
  const view = from === to ? answering(situation, to) : undefined;
  return view === undefined ? {} : { primaryReplicationId: view.replicationId };
}

function changeActions(
  situation: Situation,
  change: Change,
  analysis: Analysis | undefined,
  epoch: number,
): Plan | { finding: Finding; retryInMs?: number } {
  const { from, to } = change;
  const stops = stopElsewhere(situation, to, epoch);
  const start = startBeside(
    situation,
    to,
    epoch,
    stops.map((action) => ('node' in action ? action.node : '')),
  );
  const repoints = followersToMove(situation, change, epoch);
  const unitsBlocked = start.blocked === undefined ? {} : { unitsBlocked: start.blocked };
  if (change.how === 'handOver') {
    const budgetMs = situation.spec.switchover.catchUpTimeoutSeconds * 1000;
    const history = asPrimary(situation, from)?.replicationId;
    const bound = history === undefined ? {} : { history };
    const handOver: Action = { kind: 'handOver', from, to, epoch, budgetMs, ...bound };
    return {
      actions: [...stops, handOver, ...start.actions, ...repoints, ...persistRoles([from, to], epoch)],
      ...unitsBlocked,
    };
  }
  const fence =
    analysis === undefined
      ? { kind: 'ready' as const, actions: [] }
      : fencePlan(situation, from, analysis, epoch);
  if (fence.kind === 'missing') return fence;
  const fences = fence.actions.map((action) => ({ ...action, epoch }) as Action);
  // Who refuses writes alone takes them as soon as a replica comes back to it: none may, from before the promotion.
  const ahead = fence.byRefusal === true ? repoints.map((action) => ({ ...action, ahead: true })) : [];
  const after = fence.byRefusal === true ? [] : repoints;
  // Writes come back first: the units of a dead primary's node are stopped after the promotion, and before any start.
  const rescue = asPrimary(situation, from) !== undefined;
  const held = answering(situation, to);
  const promote: Action = {
    kind: 'promote',
    node: to,
    rescue,
    ...(held === undefined ? {} : { held: historyOf(held) }),
    unheard: answering(situation, from) === undefined,
    epoch,
  };
  return {
    actions: [
      ...fences,
      ...ahead,
      promote,
      ...stops,
      ...start.actions,
      ...after,
      ...persistRoles([to], epoch),
    ],
    ...unitsBlocked,
  };
}

const persistRoles = (nodes: readonly string[], epoch: number): Action[] =>
  nodes.map((node) => ({ kind: 'persistRole', node, epoch }));

type Repoint = Extract<Action, { kind: 'repoint' }>;

/** Replicas of the old primary, and the old primary itself where it was demoted already. */
function followersToMove(situation: Situation, { from, to, how }: Change, epoch: number): Repoint[] {
  return others(situation, to).flatMap((node): Repoint[] => {
    const replica = asReplica(situation, node);
    if (replica === undefined) return [];
    const dropClients = node === from;
    if (follows(situation, replica, to))
      return dropClients && mayHavePaused(situation, node)
        ? [{ kind: 'repoint', node, to, dropClients, epoch }]
        : [];
    const target = answering(situation, to);
    // Offsets of two histories do not compare: what it alone holds is copied aside first, once the new one leads.
    if (target !== undefined && holdsMoreThan(replica, target)) return [];
    // Whoever hands over feeds it on until then; a dead primary that feeds it again has come back.
    const held = how === 'promote' ? { heldTo: replica.offset } : {};
    return [{ kind: 'repoint', node, to, dropClients, ...held, epoch }];
  });
}

/** It led by the record, or its demotion was begun: writers may still be held up there. */
function mayHavePaused({ status }: Situation, node: string): boolean {
  return [status.currentPrimary, status.transition?.from, ...(status.demoting ?? [])].includes(node);
}

/** The primary is as it should be: everything else is arranged around it. */
function arrangeAround(situation: Situation, primary: string, epoch: number): Plan {
  const stops = stopElsewhere(situation, primary, epoch);
  const stopping = stops.map((action) => ('node' in action ? action.node : ''));
  const start = startBeside(situation, primary, epoch, stopping);
  const replicas = replicaActions(situation, primary, epoch);
  const leftover = leftovers(situation, primary, epoch);
  const arranged = [
    ...leftover.release,
    ...stops,
    ...start.actions,
    ...replicas.actions,
    ...leftover.persist,
    ...redisStarts(situation, epoch),
    ...rotationActions(situation, epoch),
    ...configActions(situation, primary, replicas.actions, epoch),
    ...fencesAgain(situation, primary, epoch),
  ];
  const actions = [...arranged, ...unsavedWrites(situation, arranged, epoch)];
  const blocked = replicas.blocked ?? refusedSetting(situation);
  return {
    actions,
    ...(blocked === undefined ? {} : { blocked }),
    ...(start.blocked === undefined ? {} : { unitsBlocked: start.blocked }),
    ...(start.retryInMs === undefined ? {} : { retryInMs: start.retryInMs }),
  };
}

/** What a fence of ours stopped is started again once another node leads: it comes back to be judged. */
function redisStarts(situation: Situation, epoch: number): Action[] {
  return (situation.status.stoppedRedis ?? []).flatMap((node) => {
    const { redis, host } = observed(situation, node);
    const state = host.state === 'answers' ? host.redisUnit?.state : undefined;
    const down = redis.state === 'refused' && (state === 'stopped' || state === 'failed');
    return down ? [{ kind: 'startRedis' as const, node, epoch }] : [];
  });
}

/** Nodes whose Redis the plan stops, or that an earlier one stopped and that have not answered since. */
export function stoppedRedis(situation: Situation, plan: Plan): string[] {
  const before = (situation.status.stoppedRedis ?? []).filter(
    (node) => specOf(situation, node) !== undefined && answering(situation, node) === undefined,
  );
  const planned = plan.actions.flatMap((action) =>
    action.kind === 'fence' && action.method === 'stopRedis' ? [action.node] : [],
  );
  return [...new Set([...before, ...planned])].sort();
}

function replicaActions(
  situation: Situation,
  primary: string,
  epoch: number,
): { actions: Action[]; blocked?: Finding } {
  const actions: Action[] = [];
  let blocked: Finding | undefined;
  const leading = asPrimary(situation, primary);
  const rogue = rogues(situation, primary);
  // Whoever takes writes beside the primary comes first: to copy a replica's data takes long.
  const inOrder = [...rogue, ...others(situation, primary).filter((node) => !rogue.includes(node))];
  for (const node of inOrder) {
    const view = answering(situation, node);
    if (view === undefined || leading === undefined) continue;
    if (view.role === 'replica' && follows(situation, view, primary)) {
      if (isHalfDemoted(situation, node, primary))
        actions.push({ kind: 'repoint', node, to: primary, dropClients: true, epoch });
      continue;
    }
    const keep = holdsMoreThan(view, leading) ? whatKeeps(situation, node, primary, epoch) : undefined;
    // Where the copy is goes on record first: once the node follows, nothing tells of it any more.
    if (keep?.kind === 'preserve') actions.push(keep);
    else if (keep !== undefined) blocked ??= keep;
    else {
      const dropClients = rogue.includes(node);
      const resume = !dropClients && mayBePaused(situation, node) ? { resume: true } : {};
      actions.push({
        kind: 'repoint',
        node,
        to: primary,
        dropClients,
        ...resume,
        heldTo: view.offset,
        epoch,
      });
    }
  }
  return blocked === undefined ? { actions } : { actions, blocked };
}

/** Its demotion was begun, and this process did not see it end: its clients and its config file may be as before. */
function isHalfDemoted(situation: Situation, node: string, primary: string): boolean {
  const begun = situation.status.demoting?.includes(node) === true;
  return begun && nodeMemory(situation.memory, node).demotedFor !== primary;
}

/** Former primaries that the plan demotes, or that are not known to be wholly demoted: on record until they are. */
export function demotionsUnderWay(situation: Situation, plan: Plan): string[] {
  const planned = plan.actions
    .filter((action) => action.kind === 'repoint')
    .filter((action) => action.dropClients);
  const begun = (situation.status.demoting ?? []).filter((node) => {
    const current = situation.status.currentPrimary;
    if (specOf(situation, node) === undefined) return false;
    return node !== current && nodeMemory(situation.memory, node).demotedFor !== current;
  });
  return [...new Set([...begun, ...planned.map((action) => action.node)])].sort();
}
