import fc from 'fast-check';
import type { SimGroup } from './sim-group.ts';
import { units } from './sim-group.ts';
import { becomeReplica, endProcess, freshData, startProcess } from './sim-redis.ts';
import type { World } from './world.ts';

type NodeEventKind =
  | 'crash'
  | 'stop'
  | 'start'
  | 'hang'
  | 'unhang'
  | 'save'
  | 'wipeDisk'
  | 'powerOff'
  | 'powerOn'
  | 'request'
  | 'promoteByHand'
  | 'swapByHand'
  | 'restartFast';

/** One thing that happens to a group: by chance, by an operator, or by its controller. */
export type WorldEvent =
  | { readonly kind: 'pass' | 'write' | 'killController' | 'togglePause' }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: NodeEventKind; readonly node: number }
  | { readonly kind: 'cutRedis' | 'cutHost' | 'lag' | 'isolate'; readonly node: number; readonly on: boolean }
  | { readonly kind: 'cutPeers'; readonly on: boolean }
  | { readonly kind: 'unitCrash' | 'stubborn'; readonly node: number; readonly unit: number }
  | { readonly kind: 'unknown'; readonly node: number; readonly applied: boolean }
  | { readonly kind: 'killAfter'; readonly effects: number };

const node = fc.nat({ max: 2 });
const onNode = (...kinds: NodeEventKind[]) => fc.record({ kind: fc.constantFrom(...kinds), node });

/** Faults that a planned switchover must survive without losing a write: everything but a death. */
export const harmless: fc.Arbitrary<WorldEvent> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<WorldEvent>({ kind: 'pass' }, { kind: 'write' }) },
  { weight: 2, arbitrary: fc.constant<WorldEvent>({ kind: 'killController' }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(1, 50, 500, 2000) }),
  },
  { weight: 3, arbitrary: onNode('request') },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('unknown' as const), node, applied: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('killAfter' as const),
      effects: fc.integer({ min: 1, max: 12 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lag' as const), node, on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cutHost' as const), node, on: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('unitCrash' as const, 'stubborn' as const),
      node,
      unit: fc.nat({ max: 1 }),
    }),
  },
);

/** Everything that can happen. */
export const anything: fc.Arbitrary<WorldEvent> = fc.oneof(
  { weight: 6, arbitrary: harmless },
  {
    weight: 4,
    arbitrary: onNode('crash', 'stop', 'start', 'hang', 'unhang', 'powerOff', 'powerOn', 'restartFast'),
  },
  { weight: 1, arbitrary: onNode('save', 'wipeDisk', 'promoteByHand', 'swapByHand') },
  { weight: 1, arbitrary: fc.constant<WorldEvent>({ kind: 'togglePause' }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cutRedis' as const), node, on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cutPeers' as const), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('isolate' as const), node, on: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      ms: fc.constantFrom(3_000, 6_000, 40_000),
    }),
  },
);

/** Lets one event happen. `killed` tells that a pass ended with the controller's death. */
export async function happen(group: SimGroup, event: WorldEvent): Promise<void> {
  const { world } = group;
  const names = [...world.redis.keys()];
  const at = 'node' in event ? (names[event.node % names.length] ?? '') : '';
  switch (event.kind) {
    case 'pass':
      await group.pass();
      world.advance(1);
      return;
    case 'write':
      world.write();
      return;
    case 'killController':
      group.restart();
      return;
    case 'togglePause':
      group.edit({ paused: !group.spec.paused });
      return;
    case 'advance':
      world.advance(event.ms);
      return;
    case 'request':
      group.edit({ primary: at });
      return;
    case 'crash':
      endProcess(world.get(at), 'crashed', world.now);
      return;
    case 'stop':
      endProcess(world.get(at), 'stopped', world.now);
      return;
    case 'start':
      if (world.host(at).powered) startProcess(world.get(at), world.now);
      return;
    case 'restartFast':
      endProcess(world.get(at), 'crashed', world.now);
      if (world.host(at).powered) startProcess(world.get(at), world.now);
      return;
    case 'save':
      world.get(at).snapshot = world.get(at).data;
      return;
    case 'wipeDisk':
      world.get(at).snapshot = freshData(world.newId());
      return;
    default:
      mechanical(group, event, at);
  }
}

function mechanical(group: SimGroup, event: WorldEvent, at: string): void {
  const { world, meddling } = group;
  const names = [...world.redis.keys()];
  switch (event.kind) {
    case 'hang':
      if (world.get(at).process === 'running') world.get(at).process = 'hung';
      return;
    case 'unhang':
      if (world.get(at).process === 'hung') world.get(at).process = 'running';
      return;
    case 'powerOff':
    case 'powerOn':
      world.power(at, event.kind === 'powerOn');
      return;
    case 'promoteByHand':
      if (world.get(at).process === 'running') world.promote(world.get(at));
      return;
    case 'swapByHand':
      swapByHand(world, at);
      return;
    case 'cutRedis':
      world.cut('@', at, event.on);
      return;
    case 'cutHost':
      world.cut('@host', at, event.on);
      return;
    case 'cutPeers':
      for (const a of names) for (const b of names) if (a < b) world.cut(a, b, event.on);
      return;
    case 'isolate':
      isolate(world, at, event.on);
      return;
    case 'lag':
      world.get(at).lagging = event.on;
      return;
    case 'unitCrash':
    case 'stubborn': {
      const unit = world.host(at).units.get(units[event.unit] ?? '');
      if (unit === undefined) return;
      if (event.kind === 'stubborn') unit.stubborn = !unit.stubborn;
      else if (unit.state === 'running') unit.state = 'failed';
      return;
    }
    case 'unknown':
      meddling.unknowns.push({ node: at, applied: event.applied });
      return;
    case 'killAfter':
      meddling.killAfter = event.effects;
      return;
    default:
      return;
  }
}

/** The machine's cable: nothing gets through to it, from nowhere. */
function isolate(world: World, name: string, severed: boolean): void {
  for (const other of ['@', '@host', ...world.redis.keys()])
    if (other !== name) world.cut(other, name, severed);
}

/** An operator's own switchover: REPLICAOF NO ONE here, REPLICAOF here on all others that answer. */
export function swapByHand(world: World, to: string): void {
  if (world.get(to).process !== 'running') return;
  world.promote(world.get(to));
  for (const redis of world.redis.values())
    if (redis.name !== to && redis.process === 'running') becomeReplica(redis, to, world.now);
}

/** All faults stop: what was cut is whole, what was down is up, what hung goes on. */
export function healEverything(group: SimGroup): void {
  const { world, meddling } = group;
  meddling.unknowns.length = 0;
  meddling.killAfter = undefined;
  world.cuts.clear();
  for (const name of world.redis.keys()) {
    world.power(name, true);
    const redis = world.get(name);
    if (redis.process === 'hung') redis.process = 'running';
    startProcess(redis, world.now);
    redis.lagging = false;
    for (const unit of world.host(name).units.values()) unit.stubborn = false;
  }
  if (group.spec.paused) group.edit({ paused: false });
  world.advance(1);
}
