import { acceptDataOfAnnotation } from '../../crd/annotations.ts';
import type { Action } from '../../reconcilers/action.ts';
import { bytesPerWrite } from '../world/sim-redis.ts';
import { canonicalKey, hashOf } from './canonical-key.ts';
import type { Stage } from './minimality.ts';
import { isMove, Minimality } from './minimality.ts';
import { isAsking } from './model-event.ts';
import { leaderMeant, runPass } from './model-pass.ts';
import type { ModelScope, ModelState } from './model-state.ts';
import { cloneState } from './model-state.ts';
import { tickMs } from './model-world.ts';
import { longer } from './not-minimal.ts';

/** S7 of every state: once faults stop, the goal is reached in bounded steps, and then nothing more is done. */
export class Convergence {
  readonly #scope: ModelScope;
  /** The way from a healed state to rest, as found so far. */
  readonly #known = new Map<number, Way>();
  readonly #minimality: Minimality;
  /** The most steps that any state took. */
  longest = 0;
  /** States whose way was held against the shortest one. */
  measured = 0;
  /** States whose longer way is right, by the reason. */
  readonly excused = new Map<string, number>();

  constructor(scope: ModelScope) {
    this.#scope = scope;
    this.#minimality = new Minimality(scope.nodes);
  }

  /** What is wrong with the future of this state; nothing when all is well. */
  async judge(state: ModelState): Promise<string[]> {
    const healed = healedFrom(this.#scope, state);
    const trail: Step[] = [];
    let quiet = 0;
    let rest: Way | undefined;
    let isAnswered = mayCost(healed);
    for (let step = 0; step < mostSteps; step += 1) {
      const hash = hashOf(`${quiet}${canonicalKey(this.#scope, healed)}`);
      rest = this.#known.get(hash);
      if (rest !== undefined) break;
      const held = keptWrites(healed);
      const before = cloneState(healed);
      const { result, acted, wrote } = await runPass(this.#scope, healed);
      const moves = acted
        .map(({ action }) => action)
        .filter(isMove)
        .map(nameOf);
      trail.push({ hash, before, moves, leader: leaderMeant(healed.status) ?? '' });
      if (healed.world.violations.length > 0)
        return healed.world.violations.map((message) => `${message} (after faults stopped)`);
      const isQuiet = acted.length === 0 && wrote === 0;
      const atRest = isQuiet && isAtRest(this.#scope, healed);
      if (quiet > 0 && !isQuiet)
        return [`S7: at rest, and then ${acted.map(({ action }) => action.kind).join(' ')} is done`];
      quiet = atRest ? quiet + 1 : 0;
      if (quiet >= quietPasses) {
        const wrong = atTheEnd(this.#scope, healed);
        if (wrong.length > 0) return wrong;
        rest = { steps: 0, stages: [] };
        break;
      }
      if (quiet > 0) writeOnce(healed);
      if (isQuiet && !atRest && isAsking(healed)) {
        answer(healed);
        isAnswered = true;
      }
      if (result !== 'acted' || acted.every(({ outcome }) => outcome.kind !== 'done'))
        healed.world.advance(step > hurryAfter ? tickMs * 10 : tickMs);
      const gone = held.filter((write) => !isHeld(healed, write));
      if (gone.length > 0 && !isAnswered)
        return [`S3: ${gone.length} acknowledged writes are lost after faults stopped, and no copy is kept`];
    }
    if (rest === undefined) return [`S7: does not converge: ${describe(healed)}`];
    return this.#remember(trail, rest);
  }

  /** Each stage is judged where it begins: S8, a shorter way leads to what was meant then. */
  #remember(trail: readonly Step[], rest: Way): string[] {
    const wrong: string[] = [];
    let way = rest;
    for (const [at, { hash, before, moves, leader }] of [...trail.entries()].toReversed()) {
      const [stage, ...later] = way.stages;
      const joins = stage?.leader === leader;
      const own: Stage = { leader, moves: joins ? [...moves, ...stage.moves] : moves };
      way = { steps: way.steps + 1, stages: [own, ...(joins ? later : way.stages)] };
      this.#known.set(hash, way);
      if (at === 0 || trail[at - 1]?.leader !== leader) wrong.push(...this.#tooLong(before, own));
    }
    this.longest = Math.max(this.longest, way.steps);
    return wrong;
  }

  #tooLong(state: ModelState, { moves, leader }: Stage): string[] {
    if (moves.length === 0) return [];
    const shortest = this.#minimality.shortest(state, { leader, moves });
    if (shortest === undefined) return [];
    this.measured += 1;
    if (moves.length <= shortest) return [];
    const excuse = longer.find(({ holds }) => holds({ moves, leader }, state, shortest));
    if (excuse === undefined) return [`S8: ${moves.join(' ')} where ${shortest} would do`];
    this.excused.set(excuse.reason, (this.excused.get(excuse.reason) ?? 0) + 1);
    return [];
  }
}

/** What is done from a healed state until it rests. */
interface Way {
  readonly steps: number;
  readonly stages: readonly Stage[];
}

interface Step {
  readonly hash: number;
  readonly before: ModelState;
  readonly moves: readonly string[];
  /** Who is to lead, by what is on record after the pass. */
  readonly leader: string;
}

function nameOf(action: Action): string {
  if ('from' in action) return `${action.kind}(${action.from}>${action.to})`;
  return 'node' in action ? `${action.kind}(${action.node})` : action.kind;
}

const mostSteps = 120;
/** Pauses between tries grow: so many steps on, time passes faster. */
const hurryAfter = 40;
const quietPasses = 3;

/** All faults stop: what was cut is whole, what was down is up, what hung goes on. */
export function healedFrom(scope: ModelScope, state: ModelState): ModelState {
  const healed = cloneState(state);
  const { world } = healed;
  world.cuts = new Set();
  world.pulled = new Set();
  world.parted = new Set();
  for (const name of scope.nodes) {
    const host = world.host(name);
    host.fence = 'works';
    for (const unit of host.units) unit.stubborn = false;
    world.power(name, true);
    const redis = world.get(name);
    if (redis.process === 'hung') redis.process = 'running';
    world.start(name);
    redis.lagging = false;
  }
  healed.paused = false;
  healed.manual = false;
  // What is connected again talks before anybody looks.
  world.advance(0);
  return healed;
}

/** Writes that the leader holds, or a copy, or a replica of which the record says that it was in sync. */
function keptWrites({ world, status }: ModelState): number[] {
  const inSync = (name: string): boolean => status.nodes?.find((node) => node.name === name)?.inSync === true;
  // What a replica brought back from its disk goes when it syncs, whatever anybody does.
  const { currentPrimary, transition: open } = status;
  const gaveItUp = (name: string): boolean => open?.kind === 'Switchover' && name === open.from;
  const known = world.redis.filter(
    ({ name, role, wasUp }) =>
      name === currentPrimary || ((inSync(name) || gaveItUp(name)) && (wasUp || role === 'primary')),
  );
  return [...known.flatMap(({ data }) => data.log), ...world.preserved];
}

const isHeld = ({ world }: ModelState, write: number): boolean =>
  world.preserved.includes(write) || world.redis.some(({ data }) => data.log.includes(write));

/** The operator has answered this very question before faults stopped. */
function mayCost({ annotations, status }: ModelState): boolean {
  const epoch = Number(annotations[acceptDataOfAnnotation]?.split('@')[1] ?? -1);
  const present = status.epoch ?? 0;
  return epoch >= (status.transition?.fromEpoch ?? status.failedAttempt?.fromEpoch ?? present);
}

/** In steady state clients write on. */
function writeOnce({ world }: ModelState): void {
  for (const redis of world.redis) if (world.takesWrites(redis)) world.write(redis.name);
}

/** Where the controller stops and asks, the operator answers: keep the data of the node that has most. */
function answer(state: ModelState): void {
  const { world, status } = state;
  const current = world.redis.find(({ name, role }) => name === status.currentPrimary && role === 'primary');
  const available = status.conditions?.find(({ type }) => type === 'PrimaryAvailable')?.status === 'True';
  const richest = world.redis.reduce((best, redis) =>
    redis.data.log.length > best.data.log.length ? redis : best,
  );
  const keep = available && current !== undefined ? current : richest;
  state.annotations = {
    ...state.annotations,
    [acceptDataOfAnnotation]: `${keep.name}@${status.epoch ?? 0}`,
  };
}

function conditionOf({ status }: ModelState, type: string): { status: string; reason: string } | undefined {
  return status.conditions?.find((condition) => condition.type === type);
}

/** Ready, no request is put off for a later try, and every lease is in force: the first look at a host renews none. */
function isAtRest({ leaseSeconds }: ModelScope, state: ModelState): boolean {
  const { world } = state;
  const isWatched = leaseSeconds > 0;
  return (
    world.hosts.every(
      ({ leaseUntil }) => !isWatched || (leaseUntil !== undefined && leaseUntil > world.now),
    ) &&
    conditionOf(state, 'Ready')?.status === 'True' &&
    conditionOf(state, 'PrimaryAsRequested')?.reason !== 'RetryingLater' &&
    conditionOf(state, 'FailoverReady')?.status === 'True'
  );
}

function describe(state: ModelState): string {
  const told = state.status.conditions?.filter(({ status, type }) => status !== 'True' && type !== 'Paused');
  return (told ?? []).map(({ type, reason }) => `${type}=${reason}`).join(' ');
}

/** What must be so at rest, as the world itself sees it. */
function atTheEnd(scope: ModelScope, { world, status }: ModelState): string[] {
  const wrong: string[] = [];
  const leader = status.currentPrimary;
  const primaries = world.redis.filter(({ role }) => role === 'primary').map(({ name }) => name);
  if (primaries.length !== 1 || primaries[0] !== leader) wrong.push(`S7: ${primaries.join()} lead at rest`);
  for (const redis of world.redis) {
    if (redis.name !== leader && (redis.of !== leader || redis.link !== 'up'))
      wrong.push('S7: a replica is not in sync at rest');
    if (redis.savedRole.role !== redis.role || redis.savedRole.of !== redis.of)
      wrong.push('S7: a role is not in its config file at rest');
  }
  for (const host of world.hosts) {
    const wanted = host.name === leader ? 'running' : 'stopped';
    const astray = host.units.some(({ state }) => (state === 'running') !== (wanted === 'running'));
    if (astray) wrong.push(`S7: units are not where they belong at rest`);
  }
  if (scope.nodes.length > 1 && leader !== undefined && !world.takesWrites(world.get(leader)))
    wrong.push('S7: the primary takes no writes at rest');
  return [...wrong, ...uncounted(world, status)];
}

/** S3: what a failover lost is told: to the byte where it is called exact, and never less than what was seen. */
function uncounted(
  world: ModelState['world'],
  { lastTransition: last, currentPrimary }: ModelState['status'],
): string[] {
  const { loss } = world;
  if (loss === undefined || last === undefined || last.to !== loss.to || last.from !== loss.from) return [];
  if (currentPrimary !== last.to) return [];
  const held = world.get(last.to).data.log;
  const gone = loss.writes.filter((write) => !held.includes(write)).length;
  const told = last.lostBytes ?? 0;
  if (last.lostBytesExact === true && told !== gone * bytesPerWrite)
    return [`S3: ${last.kind} lost ${gone} writes and tells of exactly ${told} bytes`];
  const known = loss.seen.filter((write) => !held.includes(write)).length;
  return told >= known * bytesPerWrite
    ? []
    : [`S3: ${last.kind} lost ${known} writes that were seen, and tells of ${last.lostBytes} bytes`];
}
