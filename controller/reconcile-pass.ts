import type { Action, Outcome } from '../reconcilers/action.ts';
import { stillSound } from '../reconcilers/dependence.ts';
import { renewals } from '../reconcilers/lease.ts';
import type { Memory } from '../reconcilers/memory.ts';
import { noteOutcome } from '../reconcilers/progress.ts';
import type { Finding } from '../reconcilers/reasons.ts';
import type { Decision } from '../reconcilers/reconcile.ts';
import { reconcile } from '../reconcilers/reconcile.ts';
import type { Situation } from '../reconcilers/situation.ts';
import { executeAction } from './execute/execute-action.ts';
import type { GroupNode, Reach } from './group-nodes.ts';
import type { Observer } from './observe.ts';
import type { LeaseTerms } from './ports/host.ts';
import type { StoredGroup, StorePort } from './ports/store.ts';
import { wishesOf } from './wishes.ts';

/** What one pass works with. */
export interface PassDependencies extends Reach {
  readonly store: Pick<StorePort, 'get' | 'writeStatus'>;
  readonly observer: Observer;
  /** Why the newest document is not in force. */
  readonly problem?: Finding | undefined;
  /** Does the work of a pass and keeps the leases from running out meanwhile; absent: nothing lasts that long. */
  readonly keepLeases?: KeepLeases;
  /** Told of every step, for logs and for those who watch. */
  readonly tell: (event: PassEvent) => void;
}

interface Acting extends PassDependencies {
  /** The nodes whose Redis answered this pass's look. */
  readonly answering: readonly string[];
  /** When that look was over (ms). */
  readonly lookedAt: number;
}

export type KeepLeases = <T>(
  nodes: ReadonlyMap<string, GroupNode>,
  leases: ReadonlyMap<string, LeaseTerms>,
  work: () => Promise<T>,
) => Promise<T>;

export type PassEvent =
  | { readonly kind: 'decided'; readonly decision: Decision; readonly situation: Situation }
  | {
      readonly kind: 'acted';
      readonly action: Action;
      readonly outcome: Outcome;
      readonly milliseconds: number;
    };

export interface PassResult {
  readonly memory: Memory;
  /** acted: look again at once; failed: after a pause; idle: when told, or at the usual probe. */
  readonly result: 'acted' | 'failed' | 'idle';
  readonly lookAgainInMs?: number;
}

/** Observe, decide, record, act: once. What rests on an action that is not done is left to the next look. */
export async function reconcilePass(
  dependencies: PassDependencies,
  stored: StoredGroup,
  memory: Memory,
): Promise<PassResult> {
  const { clock, observer, nodes, tell } = dependencies;
  const leases = renewals(stored.group.spec, stored.status, memory);
  const observation = await observer.observe(nodes.values(), leases);
  const situation: Situation = {
    spec: stored.group.spec,
    generation: stored.group.metadata.generation ?? 0,
    wishes: wishesOf(stored.group.metadata.annotations ?? {}),
    status: stored.status,
    observation,
    memory,
    now: clock.now(),
    ...(dependencies.problem === undefined ? {} : { problem: dependencies.problem }),
  };
  const decision = reconcile(situation);
  const lookedAt = situation.now;
  const answering = observation.nodes.flatMap(({ name, redis }) => (redis.state === 'answers' ? [name] : []));
  tell({ kind: 'decided', decision, situation });
  const keep: KeepLeases = dependencies.keepLeases ?? ((_nodes, _leases, work) => work());
  const kept = renewals(stored.group.spec, decision.status, decision.memory);
  await renewLate(nodes, { leases, kept }, decision.actions);
  const { remembered, failed } = await (decision.actions.length === 0
    ? { remembered: decision.memory, failed: [] }
    : keep(nodes, kept, () => carryOut({ ...dependencies, answering, lookedAt }, stored, decision)));
  if (failed.length > 0) return { memory: remembered, result: 'failed' };
  const { lookAgainInMs } = decision;
  const acted = decision.actions.some((action) => action.kind !== 'record');
  return {
    memory: remembered,
    result: acted ? 'acted' : 'idle',
    ...(lookAgainInMs === undefined ? {} : { lookAgainInMs }),
  };
}

/**
 * A controller that has just started renews nothing with its first look. Units that it starts where the lease has
 * run out would be ended by the watch at its next one: there the lease comes first.
 */
async function renewLate(
  nodes: ReadonlyMap<string, GroupNode>,
  { leases, kept }: Readonly<Record<'leases' | 'kept', ReadonlyMap<string, LeaseTerms>>>,
  actions: readonly Action[],
): Promise<void> {
  for (const action of actions) {
    if (action.kind !== 'startUnits' || leases.has(action.node)) continue;
    const terms = kept.get(action.node);
    if (terms !== undefined) await nodes.get(action.node)?.host?.observe(terms);
  }
}

/** How old (ms) a look may be for one more action to rest on it: a process that was stopped goes on in another world. */
const longestRestMs = 2_000;

/**
 * The actions in their order. What rests on one that is not done is left out, and what comes after one that took
 * long is left to the next look.
 */
async function carryOut(
  dependencies: Acting,
  stored: StoredGroup,
  decision: Decision,
): Promise<{ remembered: Memory; failed: readonly Action[] }> {
  const { clock, tell, lookedAt } = dependencies;
  let remembered = decision.memory;
  const failed: Action[] = [];
  const done: Action[] = [];
  for (let rest: readonly Action[] = decision.actions; rest.length > 0; ) {
    const [action, ...later] = rest;
    if (action === undefined) break;
    const begun = clock.now();
    if (action !== decision.actions[0] && begun - lookedAt > longestRestMs) break;
    const outcome = await act(dependencies, stored, { action, done });
    const ended = clock.now();
    remembered = noteOutcome(remembered, action, outcome, ended);
    tell({ kind: 'acted', action, outcome, milliseconds: ended - begun });
    (outcome.kind === 'done' ? done : failed).push(action);
    rest = outcome.kind === 'done' ? later : stillSound(later, [action]);
  }
  return { remembered, failed };
}

async function act(
  dependencies: Acting,
  stored: StoredGroup,
  { action, done }: { action: Action; done: readonly Action[] },
): Promise<Outcome> {
  if (action.kind !== 'record') return executeAction(dependencies, action, done);
  const outcome = await dependencies.store.writeStatus(stored.key, action.status, stored.version);
  const { epoch = 0 } = action.status;
  if (outcome.kind === 'done' && epoch > (stored.status.epoch ?? 0)) await announce(dependencies, epoch);
  return outcome;
}

/**
 * A new epoch is claimed at every Redis that answered, also where nothing is to be done: a controller that was
 * stopped in the middle of an older one shall find its connections ended. One that cannot be claimed is as it was.
 */
async function announce({ nodes, answering }: Acting, epoch: number): Promise<void> {
  await Promise.all(answering.map((name) => nodes.get(name)?.redis.claim(epoch)));
}
