import { leaseTimes } from '../../reconcilers/lease.ts';

export interface SimUnit {
  state: 'running' | 'stopped' | 'failed';
  /** It does not end when asked. */
  stubborn: boolean;
}

/** A machine: its supervisor, its disk, its dead-man watch. */
export interface Machine {
  readonly name: string;
  powered: boolean;
  /** The highest epoch it has accepted; on disk. */
  epoch: number;
  boots: number;
  readonly units: Map<string, SimUnit>;
  /** When its dead-man lease runs out; undefined while no watch runs there. */
  leaseUntil: number | undefined;
  /** When the lease was last renewed, and for how long (ms). */
  renewed: { readonly at: number; readonly forMs: number } | undefined;
  /** No unit can be started there. */
  refusesStarts: boolean;
  /** How much sooner (ms) than it may its watch acts. */
  readonly watchHaste: number;
}

const { lookMs, stopDeadlineMs, killMs } = leaseTimes;
export const watchLongestMs = lookMs + stopDeadlineMs + killMs;

export function freshMachine(name: string, units: readonly string[], watchHaste: number): Machine {
  const own = units.map((unit): [string, SimUnit] => [unit, { state: 'stopped', stubborn: false }]);
  return {
    name,
    powered: true,
    epoch: 0,
    boots: 1,
    units: new Map(own),
    leaseUntil: undefined,
    renewed: undefined,
    refusesStarts: false,
    watchHaste,
  };
}

/** When its watch has ended what runs there, a replica having acknowledged at `heardAt` for the last time. */
export function watchEndsAt(machine: Machine, heardAt: number): number {
  if (!machine.powered || machine.leaseUntil === undefined) return Number.POSITIVE_INFINITY;
  const from = Math.max(machine.leaseUntil, heardAt + leaseTimes.acknowledgedMs);
  return from + watchLongestMs - machine.watchHaste;
}
