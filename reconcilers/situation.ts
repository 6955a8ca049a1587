import type { FailoverGroupSpec, NodeSpec } from '../crd/failover-group.ts';
import type { LastSeen, Status } from '../crd/status.ts';
import type { Memory, Progress } from './memory.ts';
import { nodeMemory } from './memory.ts';
import type { NodeObservation, Observation, PrimaryView, ReplicaView } from './observation.ts';
import type { Finding } from './reasons.ts';

/** What the operator asks for in annotations, already parsed. */
export interface Wishes {
  readonly failbackEpoch?: number;
  readonly confirmedFenced?: { readonly node: string; readonly epoch: number };
  readonly acceptDataOf?: { readonly node: string; readonly epoch: number };
}

/** Everything that one pass decides on. `now` in ms; nothing else is read. */
export interface Situation {
  readonly spec: FailoverGroupSpec;
  readonly generation: number;
  readonly wishes: Wishes;
  readonly status: Status;
  readonly observation: Observation;
  readonly memory: Memory;
  readonly now: number;
  /** Why a newer document is not in force, while this older one is. */
  readonly problem?: Finding;
}

const unseen = (name: string): NodeObservation => ({
  name,
  redis: { state: 'silent' },
  host: { state: 'silent' },
});

export function observed(situation: Situation, name: string): NodeObservation {
  return situation.observation.nodes.find((node) => node.name === name) ?? unseen(name);
}

export function specOf(situation: Situation, name: string): NodeSpec | undefined {
  return situation.spec.nodes.find((node) => node.name === name);
}

export function nodeNames(situation: Situation): string[] {
  return situation.spec.nodes.map((node) => node.name);
}

export function others(situation: Situation, name: string): string[] {
  return nodeNames(situation).filter((other) => other !== name);
}

export function answering(situation: Situation, name: string): PrimaryView | ReplicaView | undefined {
  const { redis } = observed(situation, name);
  return redis.state === 'answers' ? redis : undefined;
}

export function asPrimary(situation: Situation, name: string): PrimaryView | undefined {
  const view = answering(situation, name);
  return view?.role === 'primary' ? view : undefined;
}

export function asReplica(situation: Situation, name: string): ReplicaView | undefined {
  const view = answering(situation, name);
  return view?.role === 'replica' ? view : undefined;
}

/** Whether `view` is set to replicate from the node `primary`. */
export function follows(situation: Situation, view: ReplicaView, primary: string): boolean {
  const endpoint = specOf(situation, primary)?.redis;
  return endpoint !== undefined && view.of.host === endpoint.host && view.of.port === endpoint.port;
}

/** A primary as it was last seen alive: by this process, or by the one that began the change under way. */
export function lastSeenOf({ memory, status }: Situation, from: string): LastSeen | undefined {
  const open = status.transition;
  return nodeMemory(memory, from).lastSeen ?? (open?.from === from ? open.lastSeen : undefined);
}

export function epochOf(status: Status): number {
  return status.epoch ?? 0;
}

/** Whether a wish that names an epoch is of now: of the present one, or of any since the change under way began. */
export function isCurrentWish(status: Status, epoch: number): boolean {
  const present = epochOf(status);
  return epoch <= present && epoch >= (status.transition?.fromEpoch ?? present);
}

/** The highest epoch known anywhere: a lost status file must not restart the count. */
export function highestEpoch(situation: Situation): number {
  const seen = situation.observation.nodes.map((node) =>
    node.host.state === 'answers' ? node.host.epoch : 0,
  );
  return Math.max(epochOf(situation.status), ...seen);
}

/** The progress of the recorded transition in this process; nothing when another process began it. */
export function progressOf(situation: Situation): Progress | undefined {
  const { progress } = situation.memory;
  return progress?.epoch === situation.status.transition?.epoch ? progress : undefined;
}
