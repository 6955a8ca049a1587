import type { ConnectGroup } from '../../controller/controller.ts';
import type { GroupNode } from '../../controller/group-nodes.ts';
import type { FencePort } from '../../controller/ports/fence.ts';
import type { HostPort, LeaseTerms } from '../../controller/ports/host.ts';
import type { Endpoint, RedisNodePort } from '../../controller/ports/redis-node.ts';
import type { StorePort } from '../../controller/ports/store.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import type { HostView, RedisView } from '../../reconcilers/observation.ts';
import type { Seams } from './open-controller.ts';
import { recordName } from './record-name.ts';

/** What stands between a controller and its ports. */
export interface Between {
  /** Carries out an effect, and what is to happen when it has taken place; the answer is given on only then. */
  effect<T extends { readonly kind: string }>(name: string, act: () => Promise<T>): Promise<T>;
  /** A look of the loop at one witness (not one that an action takes just before it acts). */
  look<T>(witness: string, ask: () => Promise<T>): Promise<T>;
}

/** Every call that changes something goes through `between`, named as in `redis b promote`; so does every look. */
export function seamsThrough(between: Between): Seams {
  return {
    store: (store) => storeThrough(between, store),
    connect: (connect: ConnectGroup) => async (group) =>
      (await connect(group)).map((node) => nodeThrough(between, node)),
  };
}

function nodeThrough(between: Between, node: GroupNode): GroupNode {
  const { name, host, fence } = node;
  if (host === undefined) throw new Error(`${name} has no host: its looks could not be told apart`);
  const looking = { now: false };
  return {
    ...node,
    redis: redisThrough(between, { name, inner: node.redis, looking }),
    host: hostThrough(between, { name, inner: host, looking }),
    ...(fence === undefined ? {} : { fence: fenceThrough(between, name, fence) }),
  };
}

/** Not only the order: it is over when the other machine has confirmed it. */
function fenceThrough(between: Between, name: string, inner: FencePort): FencePort {
  return {
    powerOff: (withinMs) => between.effect(`fence ${name} powerOff`, () => inner.powerOff(withinMs)),
    close: () => inner.close(),
  };
}

/** The loop asks both ends of a node in one breath; an action asks its Redis alone. */
interface Looking {
  now: boolean;
}

function redisThrough(
  between: Between,
  { name, inner, looking }: { name: string; inner: RedisNodePort; looking: Looking },
): RedisNodePort {
  const effect = <T extends { readonly kind: string }>(what: string, act: () => Promise<T>): Promise<T> =>
    between.effect(`redis ${name} ${what}`, act);
  return {
    observe: async (): Promise<RedisView> => {
      // The question to the host comes in the same turn.
      await Promise.resolve();
      const ask = () => inner.observe();
      return looking.now ? between.look(`redis ${name}`, ask) : ask();
    },
    claim: (epoch) => effect('claim', () => inner.claim(epoch)),
    position: () => inner.position(),
    pauseWrites: (milliseconds) => effect('pauseWrites', () => inner.pauseWrites(milliseconds)),
    resumeWrites: () => effect('resumeWrites', () => inner.resumeWrites()),
    follow: (primary: Endpoint) => effect('follow', () => inner.follow(primary)),
    promote: () => effect('promote', () => inner.promote()),
    dropClients: () => effect('dropClients', () => inner.dropClients()),
    persistConfig: () => effect('persistConfig', () => inner.persistConfig()),
    setReplicationLogin: () => effect('setReplicationLogin', () => inner.setReplicationLogin()),
    acceptPassword: () => effect('acceptPassword', () => inner.acceptPassword()),
    retirePassword: () => effect('retirePassword', () => inner.retirePassword()),
    // The adapter sends one after the other, too.
    setConfig: (settings) =>
      oneByOne(Object.entries(settings), ([key, value]) =>
        effect(`setConfig ${key} ${value}`, () => inner.setConfig({ [key]: value })),
      ),
    snapshot: (timeoutMs) => effect('snapshot', () => inner.snapshot(timeoutMs)),
    onLost: (listener) => inner.onLost(listener),
    close: () => inner.close(),
  };
}

function hostThrough(
  between: Between,
  { name, inner, looking }: { name: string; inner: HostPort; looking: Looking },
): HostPort {
  const effect = <T extends { readonly kind: string }>(what: string, act: () => Promise<T>): Promise<T> =>
    between.effect(`host ${name} ${what}`, act);
  return {
    observe: async (lease?: LeaseTerms): Promise<HostView> => {
      looking.now = true;
      queueMicrotask(() => {
        looking.now = false;
      });
      return between.look(`host ${name}`, () => inner.observe(lease));
    },
    startUnits: (units, epoch) =>
      oneByOne(units, (unit) => effect(`startUnits ${unit}`, () => inner.startUnits([unit], epoch))),
    stopUnits: (units, epoch) =>
      oneByOne(units, (unit) => effect(`stopUnits ${unit}`, () => inner.stopUnits([unit], epoch))),
    stopRedis: (epoch) => effect('stopRedis', () => inner.stopRedis(epoch)),
    startRedis: (epoch) => effect('startRedis', () => inner.startRedis(epoch)),
    copyAside: (path, epoch, keep) => effect('copyAside', () => inner.copyAside(path, epoch, keep)),
    onChange: (listener) => inner.onChange(listener),
    close: () => inner.close(),
  };
}

/** A controller may die between any two of them. */
async function oneByOne<T>(items: readonly T[], act: (item: T) => Promise<Outcome>): Promise<Outcome> {
  for (const item of items) {
    const outcome = await act(item);
    if (outcome.kind !== 'done') return outcome;
  }
  return { kind: 'done' };
}

function storeThrough(between: Between, inner: StorePort): StorePort {
  return {
    start: (onChange) => inner.start(onChange),
    keys: () => inner.keys(),
    get: (key) => inner.get(key),
    rejected: (key) => inner.rejected(key),
    claim: (key) => inner.claim(key),
    letGo: (key) => inner.letGo(key),
    writeStatus: (key, status, version) =>
      between.effect(recordName(inner.get(key)?.status ?? {}, status), () =>
        inner.writeStatus(key, status, version),
      ),
    stop: () => inner.stop(),
  };
}
