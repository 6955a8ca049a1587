import type { Outcome } from '../../reconcilers/action.ts';
import type { HostView } from '../../reconcilers/observation.ts';
import type { Reply } from './redis-node.ts';

/** What the node's own watch is told: how long it may carry on without the controller. */
export interface LeaseTerms {
  /**
   * From now; a renewal that arrives late lasts no longer than this from when it was sent. 0: the group does
   * without leases, and a watch that is there is taken away.
   */
  readonly seconds: number;
  readonly epoch: number;
}

/**
 * The machine that a node runs on: its supervisor and its disk. Every mutating call carries the epoch; the
 * host keeps the highest it has seen, durably, and answers `refused` with reason EpochTooOld to a lower one.
 */
export interface HostPort {
  /**
   * Looks once at the named units, at Redis's own unit, at the epoch; and, in the same round trip, renews the
   * dead-man lease when terms are given. Never rejects; bounded in time.
   */
  observe(lease?: LeaseTerms): Promise<HostView>;
  /** done only when every unit runs; a unit that runs already is left alone. */
  startUnits(units: readonly string[], epoch: number): Promise<Outcome>;
  /** done only when every unit is proved stopped: main process and its children gone. */
  stopUnits(units: readonly string[], epoch: number): Promise<Outcome>;
  /** Stops Redis's own unit so that it stays down; done only when it is proved gone. */
  stopRedis(epoch: number): Promise<Outcome>;
  /** Starts Redis's own unit again; done when it runs. */
  startRedis(epoch: number): Promise<Outcome>;
  /** Copies a file on the node aside under a dated name, keeps the newest `keep`; value: path of the copy and its size. */
  copyAside(path: string, epoch: number, keep: number): Promise<Reply<{ path: string; bytes: number }>>;
  /** Called when a unit's state may have changed by itself. */
  onChange(listener: () => void): void;
  close(): void;
}
