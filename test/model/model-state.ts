import type { FailoverGroup } from '../../crd/failover-group.ts';
import type { Status } from '../../crd/status.ts';
import type { Memory } from '../../reconcilers/memory.ts';
import { emptyMemory } from '../../reconcilers/memory.ts';
import { ModelWorld } from './model-world.ts';

/** What is checked: how many nodes and units, and how much may happen on one path. */
export interface ModelScope {
  readonly name: string;
  readonly nodes: readonly string[];
  readonly units: readonly string[];
  readonly leaseSeconds: number;
  /** Nodes have an out-of-band fence. */
  readonly fences: boolean;
  /** Faults and edits on one path. */
  readonly events: number;
  /** Acknowledged writes on one path. */
  readonly writes: number;
  /** What may happen in the middle of a pass: only what strikes the controller itself, or anything. */
  readonly amidst: 'nothing' | 'controller' | 'anything';
  /** The faults and edits that may happen, by the beginning of their names; absent: all. */
  readonly only?: readonly string[];
  /** Time may pass by the minute, too, the controller at work. */
  readonly waits?: boolean;
  /** Nobody is promoted instead of a lost primary but on request. */
  readonly manual?: boolean;
  /** Where paths begin; absent: everywhere that is known. */
  readonly roots?: readonly string[];
}

/** Everything there is at one moment: the world, what the controller knows, what is on record. */
export interface ModelState {
  readonly world: ModelWorld;
  memory: Memory;
  /** What the controller's process saw each primary hold: what it may be expected to know. */
  saw: Readonly<Record<string, readonly number[]>>;
  status: Status;
  version: number;
  primary: string;
  paused: boolean;
  /** failover.mode: Manual. */
  manual: boolean;
  annotations: Readonly<Record<string, string>>;
  /** Within a pass: a successor has another node lead, and what is done now is done by its predecessor. */
  overtaken: boolean;
  /** Within a pass: nodes that somebody has started or promoted by hand since it began, which no order of commands can prevent. */
  meddled: readonly string[];
}

export function freshState(scope: ModelScope): ModelState {
  return {
    world: ModelWorld.fresh(scope.nodes, scope.units.length),
    memory: emptyMemory,
    saw: {},
    status: {},
    version: 0,
    primary: scope.nodes[0] ?? '',
    paused: false,
    manual: scope.manual === true,
    annotations: {},
    overtaken: false,
    meddled: [],
  };
}

export function cloneState(state: ModelState): ModelState {
  return { ...state, world: state.world.clone() };
}

/** The controller's process is gone: what it remembered with it. */
export function restartController(state: ModelState): void {
  state.memory = emptyMemory;
  state.saw = {};
}

/** A spec as it would be parsed, with waits that a few ticks of the world's clock get through. */
/** One write. */
export const maxLagBytes = 10;

export function specFor(
  scope: ModelScope,
  { primary, paused, manual }: Pick<ModelState, 'primary' | 'paused' | 'manual'>,
): FailoverGroup['spec'] {
  return {
    primary,
    nodes: scope.nodes.map((name) => ({
      name,
      redis: { host: name, port: 6379 },
      ssh: { host: name, port: 22, user: 'root' },
      ...(scope.fences
        ? { fence: { ssh: { host: 'power', port: 22, user: 'root' }, command: ['off'] } }
        : {}),
    })),
    redis: { unit: 'redis-server.service', config: {} },
    units: scope.units.map((name) => ({ name })),
    failover: {
      mode: manual ? 'Manual' : 'Automatic',
      unreachableAfterSeconds: 3,
      stoppedGraceSeconds: 2,
      maxLagBytes,
      cooldownSeconds: 6,
      fencing: 'Required',
      leaseSeconds: scope.leaseSeconds,
    },
    switchover: { catchUpTimeoutSeconds: 2 },
    failback: { policy: 'Manual', stableSeconds: 3 },
    paused,
  } as unknown as FailoverGroup['spec'];
}
