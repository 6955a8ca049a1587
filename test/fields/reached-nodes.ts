import type { GroupNode } from '../../controller/group-nodes.ts';
import type { FencePort } from '../../controller/ports/fence.ts';
import type { HostPort } from '../../controller/ports/host.ts';
import type { Endpoint, RedisNodePort } from '../../controller/ports/redis-node.ts';
import type { FailoverGroup, NodeSpec } from '../../crd/failover-group.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import type { RedisView, UnitView } from '../../reconcilers/observation.ts';
import { managedSettings } from '../../reconcilers/redis-config.ts';
import { type Meddling, simNodes } from '../world/sim-ports.ts';
import type { World } from '../world/world.ts';

/** The simulated machines, and under which addresses the replicas were told of their primaries. */
export interface Machines {
  readonly world: World;
  readonly meddling: Meddling;
  readonly preserved: (readonly number[])[];
  readonly told: Map<string, Endpoint>;
  /** How long the lease lasts that the watch on each machine was told of last (s). */
  readonly leases: Map<string, number>;
}

/** Known on every host, and starts on none. */
export const brokenUnit = 'bot-broken.service';
/** A value that Redis refuses, whatever the setting. */
export const refusedSetting = 'nonsense';

const done: Outcome = { kind: 'done' };
const refused = (reason: string, message: string): Outcome => ({ kind: 'refused', reason, message });

/** `b-too` is another name of machine b; what is no machine is nowhere. */
function machineAt(world: World, address: string): string {
  const name = address.replace(/-too$/, '');
  return world.redis.has(name) ? name : 'nowhere';
}

/** The same object with some of its methods replaced. */
function overriding<T extends object>(inner: T, own: Partial<T>): T {
  return new Proxy(inner, {
    get(target, key) {
      if (Object.hasOwn(own, key)) return Reflect.get(own, key);
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Redis shows sizes in bytes, whatever they were written in. */
function asShown(settings: Readonly<Record<string, string>>): Record<string, string> {
  const bytes = (value: string) => value.replace(/^(\d+)mb$/, (_all, mb) => String(Number(mb) * 1024 ** 2));
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, bytes(value)]));
}

function redisAt(machine: string, inner: RedisNodePort, machines: Machines, shown: readonly string[]) {
  const { world, told } = machines;
  const seen = (view: RedisView): RedisView => {
    if (view.state !== 'answers') return view;
    const config = Object.fromEntries(Object.entries(view.config).filter(([name]) => shown.includes(name)));
    if (view.role === 'primary') return { ...view, config };
    const address = told.get(machine);
    const of = address !== undefined && machineAt(world, address.host) === view.of.host ? address : view.of;
    return { ...view, config, of };
  };
  return overriding<RedisNodePort>(inner, {
    observe: async () => seen(await inner.observe()),
    follow: (primary) => {
      told.set(machine, primary);
      return inner.follow({ ...primary, host: machineAt(world, primary.host) });
    },
    // One after the other, up to the first that is refused, as the adapter of Redis does it.
    setConfig: async (settings) => {
      const names = Object.keys(settings);
      const at = names.findIndex((name) => settings[name] === refusedSetting);
      if (at < 0) return inner.setConfig(asShown(settings));
      const before = Object.fromEntries(names.slice(0, at).map((name) => [name, settings[name] ?? '']));
      const outcome = await inner.setConfig(asShown(before));
      return outcome.kind === 'done' ? refused('InvalidSetting', `${names[at]}: CONFIG SET failed`) : outcome;
    },
  });
}

const unknownUnit = (name: string): UnitView => ({
  name,
  state: 'unknownUnit',
  result: 'success',
  restarts: 0,
  enabledAtBoot: false,
  restartsItself: false,
});

/** A host tells of the units that it is asked for, in that order; a lease of another length is told to it anew. */
function hostAt(machine: string, inner: HostPort, machines: Machines, units: readonly string[]): HostPort {
  const { world, leases } = machines;
  return overriding<HostPort>(inner, {
    observe: async (lease) => {
      const host = world.host(machine);
      const isHeard = host.powered && world.reaches('@host', machine);
      if (lease !== undefined && isHeard && lease.epoch >= host.epoch) {
        if (leases.get(machine) !== lease.seconds) host.leaseUntil = undefined;
        leases.set(machine, lease.seconds);
      }
      const view = await inner.observe(lease);
      if (view.state !== 'answers') return view;
      const found = (name: string) => view.units.find((unit) => unit.name === name) ?? unknownUnit(name);
      return { ...view, units: units.map(found) };
    },
    startUnits: async (names, epoch) => {
      const broken = names.indexOf(brokenUnit);
      if (broken < 0) return inner.startUnits(names, epoch);
      const before = names.slice(0, broken);
      const started = before.length === 0 ? done : await inner.startUnits(before, epoch);
      return started.kind === 'done'
        ? refused('UnitDoesNotStart', `there is no program for ${brokenUnit}.`)
        : started;
    },
  });
}

function fenceAt(machine: string, fence: NonNullable<NodeSpec['fence']>, machines: Machines): FencePort {
  return {
    powerOff: async () => {
      if (fence.ssh.host === 'nowhere')
        return { kind: 'unknown', reason: 'OutcomeUnknown', message: 'nobody answers' };
      if (fence.command[0] !== 'off') return refused('FencingFailed', 'the command failed');
      machines.meddling.effects.push(`powerOff ${machine}`);
      machines.world.power(machine, false);
      return done;
    },
    close: () => undefined,
  };
}

/** The ends of every node of the spec, as a controller holds them that has just connected. */
export function reachedNodes({ spec }: FailoverGroup, machines: Machines): Map<string, GroupNode> {
  const { world, meddling, preserved } = machines;
  const ports = simNodes(world, meddling, preserved);
  const units = spec.units.map(({ name }) => name);
  const shown = managedSettings(spec);
  const nodes = spec.nodes.map((node): GroupNode => {
    const machine = machineAt(world, node.redis.host);
    const redis = ports.get(machine)?.redis;
    const place = node.ssh === undefined ? machine : machineAt(world, node.ssh.host);
    const host = ports.get(place)?.host;
    if (redis === undefined || host === undefined) throw new Error(`no machine for ${node.name}`);
    return {
      name: node.name,
      endpoint: node.redis,
      redis: redisAt(machine, redis, machines, shown),
      ...(node.ssh === undefined && node.local === undefined
        ? {}
        : { host: hostAt(place, host, machines, units) }),
      ...(node.fence === undefined ? {} : { fence: fenceAt(place, node.fence, machines) }),
    };
  });
  return new Map(nodes.map((node) => [node.name, node]));
}
