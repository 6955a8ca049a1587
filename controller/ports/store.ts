import type { FailoverGroup } from '../../crd/failover-group.ts';
import type { Status } from '../../crd/status.ts';
import type { Outcome } from '../../reconcilers/action.ts';

/** A group as the store last knew it. */
export interface StoredGroup {
  readonly key: string;
  /** The last good document; status is kept apart. metadata.generation is set: +1 when the spec changed. */
  readonly group: FailoverGroup;
  readonly status: Status;
  /** Opaque; a status write is refused with reason Conflict when status changed since. */
  readonly version: string;
  /** What is wrong with the newest document, while an older good one stays in force. */
  readonly problem?: string;
  /** It is being deleted: take the leases off its nodes, then let it go. */
  readonly retiring?: boolean;
}

/** A document that brings no group into force, and why. */
export interface RejectedGroup {
  readonly key: string;
  readonly generation: number;
  readonly status: Status;
  readonly version: string;
  readonly problem: string;
  /** It is being deleted. */
  readonly retiring?: boolean;
}

/** Where specs come from and where status goes. Spec is never written through it. */
export interface StorePort {
  /** Starts watching; resolves when the first listing is in. `onChange` gets the key of a group that appeared, changed or went. */
  start(onChange: (key: string) => void): Promise<void>;
  keys(): readonly string[];
  get(key: string): StoredGroup | undefined;
  /** A group of which no good document is known, where such are told of in their status. */
  rejected(key: string): RejectedGroup | undefined;
  /** Makes sure that the group does not vanish before it is let go. done at once where that is so. */
  claim(key: string): Promise<Outcome>;
  /** Nothing of ours is left on its nodes: it may vanish. */
  letGo(key: string): Promise<Outcome>;
  /** Durable (fsync) and atomic before `done`; refused with Conflict or StoreUnavailable, unknown when in doubt. */
  writeStatus(key: string, status: Status, version: string): Promise<Outcome>;
  stop(): Promise<void>;
}
