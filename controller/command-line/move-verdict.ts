import type { Status, TransitionRecord } from '../../crd/status.ts';

/** How a requested change of primary ended. */
export type MoveVerdict =
  | { readonly kind: 'done'; readonly record?: TransitionRecord }
  /** It could not be finished and was put back. */
  | {
      readonly kind: 'putBack';
      readonly reason: string;
      readonly message: string;
      readonly retryTime: string;
    }
  /** The controller has taken note of it and does not do it now. */
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string }
  /** Something else moved the primary meanwhile. */
  | { readonly kind: 'overtaken'; readonly reason: string; readonly message: string };

/** The verdict of a record on a move to `to` that was asked for when `before` was on record; nothing while it goes on. */
export function moveVerdict(before: Status, status: Status, to: string): MoveVerdict | undefined {
  if (status.transition !== undefined) return undefined;
  const { currentPrimary, handledPrimary, lastTransition, failedAttempt } = status;
  const record =
    lastTransition !== undefined && lastTransition.epoch > (before.epoch ?? 0) ? lastTransition : undefined;
  if (failedAttempt?.to === to && failedAttempt.time !== before.failedAttempt?.time) {
    const { reason, message, retryTime } = failedAttempt;
    const isBack = failedAttempt.back === undefined && areUnitsStarted(status);
    return isBack ? { kind: 'putBack', reason, message, retryTime } : undefined;
  }
  if (currentPrimary === to && handledPrimary === to)
    return record === undefined ? { kind: 'done' } : { kind: 'done', record };
  if (record !== undefined && record.to !== to && handledPrimary === to)
    return {
      kind: 'overtaken',
      reason: record.cause,
      message: `A ${record.kind.toLowerCase()} made ${record.to} the primary meanwhile.`,
    };
  return refusalOf(before, status);
}

function refusalOf(before: Status, { observedGeneration, conditions }: Status): MoveVerdict | undefined {
  if ((observedGeneration ?? 0) <= (before.observedGeneration ?? 0)) return undefined;
  const asRequested = conditions?.find(({ type }) => type === 'PrimaryAsRequested');
  const available = conditions?.find(({ type }) => type === 'PrimaryAvailable');
  if (asRequested?.status !== 'False' || asRequested.reason.endsWith('InProgress')) return undefined;
  // While it is not clear yet what has become of the primary, nothing is refused.
  if (asRequested.reason === available?.reason) return undefined;
  const { reason, message } = asRequested;
  return { kind: 'refused', reason, message };
}

/** What was stopped is started again at once; a unit that takes its time to end comes back when it has. */
function areUnitsStarted({ conditions }: Status): boolean {
  return conditions?.find((condition) => condition.type === 'UnitsPlaced')?.reason !== 'UnitsNotRunning';
}

/** What a person may read of a move under way, or why it waits. */
export function moveStep(status: Status, to: string): string | undefined {
  const { transition, conditions } = status;
  if (transition !== undefined) {
    if (status.currentPrimary === to) return `${to} leads; units and replicas follow`;
    const from = transition.from === undefined ? '' : ` from ${transition.from}`;
    return `${transition.kind}${from} to ${transition.to} is on record (epoch ${transition.epoch}); first ${transition.step}`;
  }
  const condition = conditions?.find(({ type }) => type === 'PrimaryAsRequested');
  const tellsMore = condition?.status === 'False' && condition.reason !== 'FailedOver';
  return tellsMore ? `waiting: ${condition.message}` : undefined;
}
