import type { Action, Outcome } from '../../reconcilers/action.ts';
import type { RedisView } from '../../reconcilers/observation.ts';
import { Reason } from '../../reconcilers/reasons.ts';
import type { GroupNode, Reach } from '../group-nodes.ts';
import type { ReplicationPosition } from '../ports/redis-node.ts';
import { done, failureOf, inOrder, refused } from './outcomes.ts';

/** How long writes stay paused on a node that is about to be demoted while its data is copied aside (ms). */
const preservePauseMs = 120_000;
/** The same for one that is about to be demoted and holds nothing of its own. */
const demotionPauseMs = 5_000;
const snapshotTimeoutMs = 60_000;
const preservedCopies = 3;

/** A server without a config file keeps its role in memory only; nothing better can be done there. */
async function persist(node: GroupNode): Promise<Outcome> {
  const outcome = await node.redis.persistConfig();
  return outcome.kind === 'unknown' ? outcome : done;
}

/** REPLICAOF NO ONE, unless it leads already; refused while the node holds no whole data set (unless that is what it is rescued from). */
export async function promote(
  node: GroupNode,
  terms: Pick<Extract<Action, { kind: 'promote' }>, 'epoch' | 'rescue' | 'unheard' | 'held'>,
): Promise<Outcome> {
  const claimed = await node.redis.claim(terms.epoch);
  if (claimed.kind !== 'done') return claimed;
  const view = await node.redis.observe();
  if (view.state !== 'answers')
    return {
      kind: 'unknown',
      reason: Reason.OutcomeUnknown,
      message: `${node.name} does not answer: ${view.state}.`,
    };
  if (view.role === 'replica' && view.link === 'syncing' && !terms.rescue)
    return refused(Reason.CandidateSyncing, `${node.name} is copying the data set and holds no whole one.`);
  // What was decided may be of an old look: this process may have been stopped since.
  if (terms.unheard === true && hearsItsPrimary(view)) return refusedAsHeard(node);
  if (terms.held !== undefined && !stillHolds(view, terms.held))
    return refused(Reason.RoleChanged, `${node.name} holds no more what it held when it was looked at.`);
  const open = await openToWrites(node, view);
  if (open.kind !== 'done') return open;
  // It may have been paused while its data was copied: by the one that promoted it already, or by a deposed controller.
  const resumed = await node.redis.resumeWrites();
  if (resumed.kind !== 'done' || view.role === 'primary') return resumed;
  const promoted = await node.redis.promote();
  return promoted.kind === 'done' && terms.rescue ? isRescued(node, terms.held) : promoted;
}

/** Between the look and the order it may have copied the poorer data set: then others may hold what it was promoted for. */
async function isRescued(node: GroupNode, held: Held | undefined): Promise<Outcome> {
  if (held === undefined) return done;
  const view = await node.redis.observe();
  if (view.state !== 'answers')
    return { kind: 'unknown', reason: Reason.OutcomeUnknown, message: `${node.name} does not answer.` };
  if (stillHolds(view, held)) return done;
  return refused(Reason.RoleChanged, `${node.name} holds no more what it was promoted for.`);
}

type Held = NonNullable<Extract<Action, { kind: 'promote' }>['held']>;

/** It may have been promoted meanwhile: its own history goes on from the one that it was looked at with, then. */
function stillHolds(view: Extract<RedisView, { state: 'answers' }>, held: Held): boolean {
  const { replicationId, previousReplicationId, offset } = view;
  const isIts = replicationId === held.replicationId;
  const goesOn = view.role === 'primary' && previousReplicationId === held.replicationId;
  return (isIts || goesOn) && offset >= held.offset;
}

/** Within the last second or so: a primary is kept sending every second (repl-ping-replica-period). */
function hearsItsPrimary(view: RedisView): boolean {
  if (view.state !== 'answers' || view.role !== 'replica' || view.link !== 'up') return false;
  return view.lastIoSeconds !== undefined && view.lastIoSeconds <= 1;
}

const refusedAsHeard = (node: GroupNode): Outcome =>
  refused(Reason.PrimaryNotAnswering, `${node.name} hears its primary: it is alive.`);

/** A node that is about to lead has no replicas yet: with min-replicas-to-write left at 1 it would refuse all writes. */
export async function openToWrites(node: GroupNode, view: RedisView): Promise<Outcome> {
  const shut = view.state === 'answers' && Number(view.config['min-replicas-to-write'] ?? 0) > 0;
  return shut ? node.redis.setConfig({ 'min-replicas-to-write': '0' }) : done;
}

/** How long clients that were sent away are given to come back before the new primary is held up (ms). */
const reconnectMs = 60;

/** CONFIG REWRITE: it syncs to disk while the server answers nobody, 3–25 ms on an ordinary disk. */
export async function persistRole(reach: Reach, node: GroupNode, epoch: number): Promise<Outcome> {
  const claimed = await node.redis.claim(epoch);
  if (claimed.kind !== 'done') return claimed;
  const position = await node.redis.position();
  if (position.kind !== 'done') return position;
  if (position.value.role === 'primary') await reach.clock.sleep(reconnectMs);
  return persist(node);
}

/** Makes a node a replica of `to`, which must lead, or is about to (`ahead`); a former primary's paused and stuck clients are let go. */
export async function repoint(
  node: GroupNode,
  to: GroupNode,
  terms: Pick<Extract<Action, { kind: 'repoint' }>, 'epoch' | 'dropClients' | 'heldTo' | 'ahead' | 'resume'>,
): Promise<Outcome> {
  const claimed = await node.redis.claim(terms.epoch);
  if (claimed.kind !== 'done') return claimed;
  const leading = await to.redis.position();
  if (leading.kind !== 'done') return leading;
  if (terms.ahead === true) {
    if (hearsItsPrimary(await node.redis.observe())) return refusedAsHeard(node);
  } else if (leading.value.role !== 'primary')
    return refused(Reason.RoleChanged, `${to.name} is no primary.`);
  const unseen = await holdsUnseen(node, leading.value, terms);
  if (unseen.kind !== 'done') return unseen;
  const release = [() => node.redis.resumeWrites(), () => node.redis.dropClients()];
  return inOrder([
    ...(terms.resume === true ? [() => node.redis.resumeWrites()] : []),
    () => node.redis.follow(to.endpoint),
    ...(terms.dropClients ? release : []),
    () => persist(node),
  ]);
}

/**
 * Refuses when the node was promoted, or has taken more, since it was looked at, in a history that its new primary does not write:
 * that would be lost without a copy. A primary's writes stay paused from here to its demotion.
 */
async function holdsUnseen(
  node: GroupNode,
  leading: ReplicationPosition,
  { heldTo, dropClients }: { heldTo?: number; dropClients: boolean },
): Promise<Outcome> {
  if (heldTo === undefined && dropClients) return done;
  const seen = await node.redis.position();
  if (seen.kind !== 'done') return seen;
  const isPrimary = seen.value.role === 'primary';
  if (isPrimary && !dropClients)
    return refused(Reason.RoleChanged, `${node.name} was promoted since it was looked at.`);
  if (heldTo === undefined) return done;
  const position = isPrimary ? await node.redis.pauseWrites(demotionPauseMs) : seen;
  if (position.kind !== 'done') return position;
  const { replicationId, offset } = position.value;
  if (replicationId === leading.replicationId || offset <= heldTo) return done;
  if (isPrimary) await node.redis.resumeWrites();
  return refused(Reason.RoleChanged, `${node.name} holds more than when it was looked at.`);
}

/**
 * Copies a diverged node's data aside before it is demoted. Its writes stay paused until it is, so that
 * nothing is taken that the copy does not hold.
 */
export async function preserve(node: GroupNode, epoch: number): Promise<Outcome> {
  const host = node.host;
  if (host === undefined)
    return refused(Reason.PreserveImpossible, `${node.name} has no host to keep a copy on.`);
  const claimed = await node.redis.claim(epoch);
  if (claimed.kind !== 'done') return claimed;
  const view = await node.redis.observe();
  // Nothing comes to a replica without a link; paused it would take nothing from its next primary, either.
  const isStill = view.state === 'answers' && view.role === 'replica' && view.link === 'down';
  const ready = isStill ? done : await node.redis.pauseWrites(preservePauseMs);
  if (ready.kind !== 'done') return ready;
  const position = await node.redis.position();
  const snapshot = position.kind === 'done' ? await node.redis.snapshot(snapshotTimeoutMs) : position;
  if (position.kind !== 'done' || snapshot.kind !== 'done') return resumed(node, failureOf(snapshot));
  const copy = await host.copyAside(snapshot.value, epoch, preservedCopies);
  if (copy.kind !== 'done') return resumed(node, copy);
  const { path, bytes } = copy.value;
  return {
    kind: 'done',
    detail: { path, bytes, replicationId: position.value.replicationId, offset: position.value.offset },
  };
}

async function resumed(
  node: GroupNode,
  failure: Exclude<Outcome, { kind: 'done' }> | undefined,
): Promise<Outcome> {
  await node.redis.resumeWrites();
  return failure ?? refused(Reason.PreserveImpossible, `${node.name}: no snapshot was made.`);
}

export async function applyConfig(
  node: GroupNode,
  terms: Pick<Extract<Action, { kind: 'applyConfig' }>, 'settings' | 'replicationLogin' | 'epoch'>,
): Promise<Outcome> {
  const { redis } = node;
  return inOrder([
    () => redis.claim(terms.epoch),
    ...(terms.replicationLogin ? [() => redis.setReplicationLogin()] : []),
    () => redis.setConfig(terms.settings),
    () => persist(node),
  ]);
}

/** One stage of a rotation at one node, kept in its config file. */
export async function rotatePassword(
  node: GroupNode,
  { stage, epoch }: { stage: 'accept' | 'retire'; epoch: number },
): Promise<Outcome> {
  const { redis } = node;
  return inOrder([
    () => redis.claim(epoch),
    () => (stage === 'accept' ? redis.acceptPassword() : redis.retirePassword()),
    () => persist(node),
  ]);
}
