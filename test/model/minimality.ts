import type { Action } from '../../reconcilers/action.ts';
import type { SimData } from '../world/sim-redis.ts';
import { canContinue } from '../world/sim-redis.ts';
import type { ModelState } from './model-state.ts';
import type { ModelRedis, ModelWorld } from './model-world.ts';
import { tickMs } from './model-world.ts';

/** What changes who leads, who follows or what runs where. Records, settings and config files are not counted. */
const counted: ReadonlySet<Action['kind']> = new Set([
  'handOver',
  'promote',
  'repoint',
  'startUnits',
  'stopUnits',
  'fence',
  'startRedis',
  'preserve',
]);

export const isMove = ({ kind }: Action): boolean => counted.has(kind);

interface Place {
  readonly world: ModelWorld;
  /** Writes that must be held somewhere at the end. */
  readonly kept: readonly number[];
  /** Who leads by what is on record: it gives the stage up by a handover only (S2). */
  readonly incumbent: string | undefined;
  /** Whether the stage is handed over or taken is policy, as is who leads: taken as given. */
  readonly mayHandOver: boolean;
}

/** False: it is not possible here, or S1 to S5 forbid it. */
type Move = (place: Place) => boolean;

/** Deeper than this no plan of a small world goes. */
const mostMoves = 7;
/** Long enough for any copying and for a link to be given up. */
const mostWaits = 3;

/**
 * S8: how few moves lead from a world without faults to one at rest under this leader, found by search. It knows
 * what the world knows, which is more than a controller sees.
 */
export class Minimality {
  readonly #moves: readonly Move[];
  readonly #known = new Map<string, number | undefined>();

  constructor(names: readonly string[]) {
    this.#moves = movesOf(names);
  }

  /** Undefined: nothing found leads there within `mostMoves`. */
  shortest(state: ModelState, { leader, moves }: Stage): number | undefined {
    const world = state.world.clone();
    // Whoever followed such a plan would renew the leases meanwhile.
    for (const host of world.hosts) host.leaseUntil = undefined;
    const kept = [...world.preserved, ...world.redis.flatMap(({ data }) => data.log)];
    const from: Place = {
      world,
      kept: [...new Set(kept)],
      incumbent: state.status.currentPrimary,
      mayHandOver: moves.some((move) => move.startsWith('handOver')),
    };
    const key = `${leader} ${keyOf(from)}`;
    if (!this.#known.has(key)) this.#known.set(key, this.#search(from, leader));
    return this.#known.get(key);
  }

  #search(from: Place, leader: string): number | undefined {
    const seen = new Set<string>();
    let layer: Place[] = [from];
    for (let moves = 0; moves <= mostMoves; moves += 1) {
      const next: Place[] = [];
      for (const place of layer)
        for (const later of withWaits(place)) {
          const key = keyOf(later);
          if (seen.has(key)) continue;
          seen.add(key);
          if (isGoal(later, leader)) return moves;
          next.push(...this.#from(later));
        }
      layer = next;
    }
    return undefined;
  }

  #from(place: Place): Place[] {
    return this.#moves.flatMap((move) => {
      const world = place.world.clone();
      const after = { ...place, world };
      if (!move(after)) return [];
      // What is connected talks at once.
      world.advance(0);
      return world.violations.length === 0 ? [after] : [];
    });
  }
}

/** Time costs nothing: the same place a little later. */
function* withWaits(place: Place): Generator<Place> {
  yield place;
  let { world } = place;
  for (let wait = 0; wait < mostWaits; wait += 1) {
    world = world.clone();
    world.advance(tickMs);
    yield { ...place, world };
  }
}

function isGoal({ world, kept }: Place, leader: string): boolean {
  const roles = world.redis.every((redis) =>
    redis.name === leader
      ? redis.role === 'primary' && redis.process === 'running'
      : redis.role === 'replica' && redis.of === leader && redis.link === 'up',
  );
  if (!roles) return false;
  const placed = world.hosts.every(({ name, units }) =>
    units.every(({ state }) => (state === 'running') === (name === leader)),
  );
  return placed && lacking(kept, [...world.preserved, ...world.get(leader).data.log]).length === 0;
}

/** The moves of one way, by the leader that was meant when each was made. */
export interface Stage {
  readonly leader: string;
  readonly moves: readonly string[];
}

const lacking = (held: readonly number[], by: readonly number[]): number[] =>
  held.filter((write) => !by.includes(write));

function movesOf(names: readonly string[]): Move[] {
  return names.flatMap((name) => [
    ({ world }: Place) => promotes(world, name),
    ({ world }: Place) => startsUnits(world, name),
    ({ world }: Place) => stopsUnits(world, name),
    ({ world }: Place) => keepsCopy(world, name),
    ...names
      .filter((other) => other !== name)
      .flatMap((other) => [
        (place: Place) => follows(place, name, other),
        ({ world, mayHandOver }: Place) => mayHandOver && handsOver(world, name, other),
      ]),
  ]);
}

/** S3, S4: beside another primary only what that one has lost may be brought on stage. */
function promotes(world: ModelWorld, name: string): boolean {
  const own = world.get(name);
  if (own.role === 'primary') return false;
  const others = world.redis.filter((redis) => redis.name !== name && redis.role === 'primary');
  if (others.some(({ data }) => lacking(own.data.log, data.log).length === 0)) return false;
  world.promote(name);
  return true;
}

/** By the ids and offsets alone: it is a part of the other's stream, or has taken nothing since their common past. */
function isProved(data: SimData, other: SimData): boolean {
  if (lacking(data.log, other.log).length > 0) return false;
  const ends = [data.previousEnd ?? 0, other.previousEnd ?? 0] as const;
  const share = data.previousId !== undefined && data.previousId === other.previousId;
  return canContinue(data, other) || (share && data.offset < ends[0] && ends[0] <= ends[1]);
}

/** S2, S3: what Redis's own histories do not prove to be held by the other one is kept first. */
function follows({ world, incumbent }: Place, name: string, of: string): boolean {
  const own = world.get(name);
  if (own.role === 'replica' && own.of === of) return false;
  const leads = own.role === 'primary';
  if (leads && name === incumbent) return false;
  const { data, role } = world.get(of);
  // A chain of replicas is a shorter way, and an order to follow who does not lead is one that repoint refuses.
  if (role !== 'primary') return false;
  if (!isProved(own.data, data) && lacking(own.data.log, world.preserved).length > 0) return false;
  world.follow(name, of);
  return true;
}

const isInSync = (replica: ModelRedis, primary: ModelRedis): boolean =>
  primary.role === 'primary' &&
  replica.role === 'replica' &&
  replica.of === primary.name &&
  replica.link === 'up' &&
  replica.data.log.length === primary.data.log.length;

function handsOver(world: ModelWorld, from: string, to: string): boolean {
  if (!isInSync(world.get(to), world.get(from))) return false;
  world.follow(from, to);
  world.promote(to);
  return true;
}

/** S1: only where every other node is known to run none. */
function startsUnits(world: ModelWorld, name: string): boolean {
  const elsewhere = world.hosts.some(
    (host) => host.name !== name && host.units.some(({ state }) => state === 'running'),
  );
  const units = world.host(name).units;
  if (elsewhere || units.every(({ state }) => state === 'running')) return false;
  for (const at of units.keys()) world.startUnit(name, at);
  return true;
}

function stopsUnits(world: ModelWorld, name: string): boolean {
  const { units } = world.host(name);
  if (units.every(({ state }) => state !== 'running')) return false;
  for (const unit of units) if (unit.state === 'running') unit.state = 'stopped';
  return true;
}

function keepsCopy(world: ModelWorld, name: string): boolean {
  const { data } = world.get(name);
  if (lacking(data.log, world.preserved).length === 0) return false;
  world.preserved = [...new Set([...world.preserved, ...data.log])];
  return true;
}

function keyOf({ world, kept, incumbent, mayHandOver }: Place): string {
  const ids = new Map<string | number, number>();
  const named = (of: string | number): number => {
    const known = ids.get(of) ?? ids.size;
    ids.set(of, known);
    return known;
  };
  const redis = world.redis.map((own) => {
    const { data } = own;
    const since = own.link === 'syncing' ? Math.max(0, own.syncDoneAt - world.now) : 0;
    const history = [data.replicationId, data.previousId ?? ''].map(named);
    const links = [own.role[0], own.of, own.link, since, own.process[0]];
    return [...links, ...history, data.previousEnd, data.offset, data.log.map(named)].join();
  });
  const hosts = world.hosts.map(({ units }) => units.map(({ state }) => state[1]).join(''));
  return [
    redis.join(';'),
    hosts.join(),
    world.preserved.map(named),
    kept.map(named),
    incumbent,
    mayHandOver,
  ].join('|');
}
