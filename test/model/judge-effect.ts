import { acceptDataOfAnnotation } from '../../crd/annotations.ts';
import type { Status, Transition } from '../../crd/status.ts';
import type { Decision } from '../../reconcilers/reconcile.ts';
import { bytesPerWrite } from '../world/sim-redis.ts';
import type { ModelState } from './model-state.ts';
import type { ModelRedis, ModelWorld } from './model-world.ts';

/**
 * S2 to S5 as the world itself sees them, at the moment of each effect. Nothing of the planner's own reasoning is
 * used here: what a node holds, what was acknowledged and who hears whom is read off the world.
 */

/** failover.cooldownSeconds of the model's spec. */
const cooldownMs = 6_000;

const isPlanned = ({ kind }: Transition): boolean => kind === 'Switchover' || kind === 'Failback';

const lacking = (held: readonly number[], by: readonly number[]): number[] =>
  held.filter((write) => !by.includes(write));

/** The operator has said, of this question, that the data of `node` is to be kept: what that costs is theirs. */
function hasAccepted({ annotations, status }: ModelState, node: string): boolean {
  const [named, epoch] = (annotations[acceptDataOfAnnotation] ?? '').split('@');
  const present = status.epoch ?? 0;
  const asked = status.transition?.fromEpoch ?? status.failedAttempt?.fromEpoch ?? present;
  return named === node && Number(epoch) <= present && Number(epoch) >= asked;
}

const isAlive = (world: ModelWorld, redis: ModelRedis): boolean =>
  redis.process === 'running' && world.host(redis.name).powered;

/** Whether `replica` really hears `primary` right now. */
function hears(world: ModelWorld, replica: ModelRedis, primary: ModelRedis): boolean {
  return (
    isAlive(world, replica) &&
    isAlive(world, primary) &&
    primary.role === 'primary' &&
    replica.role === 'replica' &&
    replica.of === primary.name &&
    replica.link === 'up' &&
    world.now - replica.heardAt < 2_000 &&
    world.reaches(replica.name, primary.name)
  );
}

/** S5: a failover is decided though a replica that answers us hears the primary, which does not answer us. */
export function judgeDecision(state: ModelState, { lead, actions }: Decision): void {
  const { change } = lead;
  const { world } = state;
  if (change?.kind !== 'Failover' || !actions.some(({ kind }) => kind === 'promote')) return;
  const primary = world.get(change.from);
  const answersUs = isAlive(world, primary) && world.reaches('@', primary.name);
  if (answersUs) return;
  judgeCooldown(state, change.to);
  judgeMode(state, change.to);
  for (const replica of world.redis)
    if (world.reaches('@', replica.name) && hears(world, replica, primary))
      world.violate(`S5: failover from ${primary.name} while ${replica.name} hears it`);
}

/** failover.mode: Manual lets a person say when, by asking for the node. */
function judgeMode(state: ModelState, to: string): void {
  const { world, manual, primary } = state;
  if (manual && primary !== to && world.get(to).role !== 'primary')
    world.violate(`mode: a failover to ${to} that nobody asked for`);
}

/** Nobody's role, units or power change while the group is paused; records, and letting the primary take writes, go on. */
export function judgePaused({ world }: ModelState, what: string): void {
  const [order = ''] = what.split(' ');
  if (!['record', 'claim', 'config', 'persist'].includes(order))
    world.violate(`pause: ${what} in a paused group`);
}

/** S8, of a plan as it is decided on, whatever faults there are: an order that finds its work done already. */
export function judgeNeedless({ world }: ModelState, { actions }: Decision, units: readonly string[]): void {
  for (const action of actions) {
    if (action.kind === 'stopUnits' || action.kind === 'startUnits') {
      const own = world.host(action.node).units.filter((_unit, at) => action.units.includes(units[at] ?? ''));
      const isDone = own.every(({ state }) => (state === 'running') === (action.kind === 'startUnits'));
      if (isDone) world.violate(`S8: ${action.kind} on ${action.node} has nothing to do`);
    }
    if (action.kind === 'repoint' && !action.dropClients) {
      const { role, of } = world.get(action.node);
      if (role === 'replica' && of === action.to)
        world.violate(`S8: ${action.node} is made a replica of ${action.to} and is one`);
    }
  }
}

/** S8: a machine is switched off where its host could have done what was needed. */
export function judgePowerOff({ world }: ModelState, node: string): void {
  const redis = world.get(node);
  const hostAnswers = world.host(node).powered && world.reaches('@host', node);
  if (redis.process === 'running' && world.host(node).powered && world.reaches('@', node))
    world.violate(`S8: ${node} is switched off though its Redis answers`);
  if (hostAnswers && redis.process !== 'running' && redis.process !== 'hung')
    world.violate(`S8: ${node} is switched off though its host answers and its Redis has ended`);
}

/** A failover follows another one only when the last one is failover.cooldownSeconds old. */
function judgeCooldown({ world, status }: ModelState, to: string): void {
  const last = status.lastTransition;
  if (last?.kind !== 'Failover' || status.transition?.to === to || world.get(to).role === 'primary') return;
  if (world.now - Date.parse(last.completionTime) < cooldownMs)
    world.violate(`cooldown: a failover to ${to} follows the last one at once`);
}

/** S3: what only this node holds is about to be overwritten, and no copy of it is kept. */
export function judgeFollow(state: ModelState, node: string, to: string): void {
  const { world } = state;
  judgeDeposed(state, `${node} is made a replica of ${to}`);
  if (hasAccepted(state, to)) return;
  const own = world.get(node);
  if (own.role === 'replica' && own.of === to) return;
  const gone = lacking(lacking(own.data.log, world.get(to).data.log), world.preserved);
  if (gone.length > 0)
    world.violate(
      `S3: ${node} is made a replica of ${to}, and ${gone.length} acknowledged writes are dropped`,
    );
}

/** S2, S3, S4: who is promoted, in which change, and what the old primary held. */
export function judgePromotion(state: ModelState, node: string, change: Transition | undefined): void {
  const { world } = state;
  const promoted = world.get(node);
  if (promoted.role === 'primary') return;
  judgeDeposed(state, `${node} is promoted`);
  if (state.status.transition?.to !== node && !isTakenBack(state, node))
    world.violate(`S9: ${node} is promoted and nothing on record says so`);
  if (change === undefined || change.from === undefined || change.from === node || change.to !== node) {
    judgeSync(state, promoted);
    return;
  }
  const old = world.get(change.from);
  const missing = lacking(old.data.log, promoted.data.log);
  const gaveItUp = old.role === 'replica' || old.process === 'running';
  // What a server that comes back in the middle of a pass takes is kept and counted when it is seen.
  const byHand = state.meddled.includes(old.name);
  const stillLeads = isPlanned(change) && isAlive(world, old) && old.role === 'primary' && !byHand;
  if (stillLeads) world.violate(`S2: ${node} is promoted in a ${change.kind} while ${old.name} leads`);
  if (isPlanned(change) && gaveItUp && !byHand && missing.length > 0 && !hasAccepted(state, node))
    world.violate(`S2: ${change.kind} to ${node} loses ${missing.length} acknowledged writes`);
  // What a server took that came back without its data is kept in the copy of it, and no part of what was lost before.
  const seen = rescues(promoted, old) ? [] : missing.filter((write) => state.saw[old.name]?.includes(write));
  world.loss = { from: old.name, to: node, writes: missing, growing: old.role === 'primary', seen };
  judgeSync(state, promoted, old);
  if (!byHand && !rescues(promoted, old)) judgeStaleness(state, promoted, old);
  const takes = isAlive(world, old) && world.takesWrites(old) && world.reaches('@', node);
  if (takes && !byHand && !rescues(promoted, old))
    world.violate(`S3: ${node} is promoted while ${old.name} takes writes`);
}

/** handOver gives the stage back to the one that it took it from. */
const isTakenBack = ({ status }: ModelState, node: string): boolean => status.transition?.from === node;

/** S9: another process has led since, has made or begun a change, and this one's effects still take place. */
export function judgeDeposed(state: ModelState, what: string): void {
  if (state.overtaken) state.world.violate(`S9: by a deposed controller ${what}`);
}

function judgeSync(state: ModelState, promoted: ModelRedis, old?: ModelRedis): void {
  if (promoted.link !== 'syncing' || hasAccepted(state, promoted.name)) return;
  const excused = old !== undefined && rescues(promoted, old);
  if (!excused) state.world.violate(`S4: ${promoted.name} is promoted in mid-sync`);
}

/**
 * The one exception: what it still holds, the old one has lost, or nobody can tell (a server that restarted twice
 * names no history that its replica knows): then both are kept, this one on stage and the other as a copy.
 */
function rescues(promoted: ModelRedis, { data }: ModelRedis): boolean {
  const own = [promoted.data.replicationId, promoted.data.previousId];
  const known =
    own.includes(data.replicationId) || (data.previousId !== undefined && own.includes(data.previousId));
  return !known || lacking(promoted.data.log, data.log).length > 0;
}

/** Staleness against what the controller's process itself saw the old primary hold. maxLagBytes is one write. */
function judgeStaleness(state: ModelState, promoted: ModelRedis, old: ModelRedis): void {
  if (hasAccepted(state, promoted.name)) return;
  judgeUnheard(state, promoted, old);
  const seen = state.saw[old.name];
  if (seen === undefined) return;
  const behind = lacking(seen, promoted.data.log).length;
  if (behind > 1 && old.role === 'primary')
    state.world.violate(
      `S4: ${promoted.name} is promoted and lacks ${behind} writes that ${old.name} was seen to hold`,
    );
  const { replicationId, previousId } = promoted.data;
  const shares = [old.data.replicationId, old.data.previousId].some(
    (id) => id !== undefined && (id === replicationId || id === previousId),
  );
  if (seen.length > 0 && promoted.data.log.length === 0 && old.role === 'primary' && !shares)
    state.world.violate(`S4: ${promoted.name} holds nothing of ${old.name} and is promoted`);
}

/** 30 s, the model's unreachableAfterSeconds and leaseSeconds, and a moment for the looks in between. */
const longestUnheardMs = 30_000 + 3_000 + 2_000 + 6_000;

/** Staleness in truth: writes that were taken over a longer time than anybody may leave unheard. */
function judgeUnheard({ world, saw }: ModelState, promoted: ModelRedis, old: ModelRedis): void {
  // What was seen of them is judged by their number.
  const unseen = lacking(lacking(old.data.log, promoted.data.log), saw[old.name] ?? []);
  const times = unseen.map((write) => world.wroteAt[write - 1] ?? 0);
  if (unseen.length > 1 && Math.max(...times) - Math.min(...times) > longestUnheardMs)
    world.violate(
      `S4: ${promoted.name} is promoted and lacks ${unseen.length} writes of more than ${longestUnheardMs / 1000} s`,
    );
}

/** S3: what is told of a failover the moment that it is over is not less than what was seen to be lost. */
export function judgeTold({ world }: ModelState, before: Status, { lastTransition: told }: Status): void {
  const { loss } = world;
  const isNew = told !== undefined && told.epoch !== before.lastTransition?.epoch;
  if (loss === undefined || !isNew || told.kind !== 'Failover') return;
  if (told.from !== loss.from || told.to !== loss.to) return;
  const known = lacking(loss.seen, world.get(told.to).data.log).length * bytesPerWrite;
  if ((told.lostBytes ?? 0) < known)
    world.violate(`S3: a failover tells ${told.lostBytes} bytes as lost, and ${known} were seen`);
}
