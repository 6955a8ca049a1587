import { nodeMemory } from './memory.ts';
import { Reason } from './reasons.ts';
import type { Situation } from './situation.ts';
import { epochOf } from './situation.ts';

/** A change of primary that somebody, or the policy, asks for. */
export interface Request {
  readonly kind: 'Switchover' | 'Failback';
  readonly to: string;
  readonly cause: Reason;
}

/**
 * `spec.primary` is a request while it differs from what was last carried out or overtaken. When they agree
 * and the primary is elsewhere, an automatic failover moved it, and only the failback policy moves it back.
 */
export function requestOf(situation: Situation, current: string): Request | undefined {
  const { spec, status, wishes, memory, now } = situation;
  const attempt = status.failedAttempt;
  if (attempt?.back !== undefined && attempt.to === current)
    return { kind: 'Switchover', to: attempt.back, cause: Reason.PutBack };
  const to = spec.primary;
  if (to === current) return undefined;
  if (to !== status.handledPrimary) return { kind: 'Switchover', to, cause: Reason.Requested };
  // An attempt that was put back has moved the epoch on, and is still asked for.
  const tried = status.failedAttempt?.to === to ? status.failedAttempt.fromEpoch : undefined;
  const asked = wishes.failbackEpoch;
  if (asked !== undefined && (asked === epochOf(status) || asked === tried))
    return { kind: 'Failback', to, cause: Reason.FailbackRequested };
  // A recorded failback goes on under its own, newer epoch.
  if (status.transition?.kind === 'Failback' && status.transition.to === to)
    return { kind: 'Failback', to, cause: Reason.FailbackRequested };
  const since = nodeMemory(memory, to).inSyncSince;
  const stable = since !== undefined && now - since >= spec.failback.stableSeconds * 1000;
  return spec.failback.policy === 'Automatic' && stable
    ? { kind: 'Failback', to, cause: Reason.FailbackPolicy }
    : undefined;
}
