import type { FailoverGroupSpec } from '../../crd/failover-group.ts';
import type { Status } from '../../crd/status.ts';

/** Which nodes of a group clients shall find, by name. */
export interface Seat {
  readonly spec: FailoverGroupSpec;
  readonly epoch: number;
  readonly primary: string | undefined;
  /** Those that hear the primary and hold its data. */
  readonly replicas: readonly string[];
}

/** What a pass decided. `before`: what was known until then, of which a promotion that was done is part. */
export function seatOf(spec: FailoverGroupSpec, status: Status, before: Seat | undefined): Seat {
  const epoch = status.epoch ?? 0;
  const { transition } = status;
  // Done is done: the record follows when the new primary was seen.
  const promoted =
    transition !== undefined && transition.to === before?.primary && before.epoch > transition.fromEpoch;
  const primary = promoted ? transition.to : status.currentPrimary;
  const replicas = (status.nodes ?? []).filter(
    ({ name, role, reachable, linkStatus, inSync }) =>
      name !== primary && role === 'replica' && reachable && linkStatus === 'up' && inSync !== false,
  );
  return { spec, epoch, primary, replicas: replicas.map(({ name }) => name) };
}

/** After an action that made `primary` one. */
export function promotedSeat(before: Seat, primary: string, epoch: number): Seat {
  return { ...before, epoch, primary, replicas: before.replicas.filter((name) => name !== primary) };
}

/** Whether clients would find the same: the epoch moves on by itself. */
export function isSameSeat(one: Seat, other: Seat): boolean {
  return (
    one.spec === other.spec &&
    one.primary === other.primary &&
    one.replicas.length === other.replicas.length &&
    one.replicas.every((name, index) => other.replicas[index] === name)
  );
}
