import { isDeepStrictEqual } from 'node:util';
import type { Status } from '../../crd/status.ts';

/** What tells a record apart from the next: where a change stands, what is begun, what is kept. */
const decided = [
  'epoch',
  'currentPrimary',
  'handledPrimary',
  'demoting',
  'unsaved',
  'stoppedRedis',
  'passwordRotation',
  'preserved',
  'fences',
  'failedAttempt',
] as const;

/** What a write of status is about: `store writeStatus (Switchover, StopUnits next)`. */
export function recordName(before: Status, after: Status): string {
  return `store writeStatus (${aboutOf(before, after)})`;
}

function aboutOf(before: Status, after: Status): string {
  const { transition } = after;
  if (transition !== undefined) return `${transition.kind}, ${transition.step} next`;
  if (before.transition !== undefined) return `${before.transition.kind} over`;
  const changed = decided.filter((name) => !isDeepStrictEqual(before[name], after[name]));
  return changed.length === 0 ? 'what is seen' : changed.join(', ');
}

/** A record of a change of primary that is under way. */
export const isOfChange = ({ name }: { readonly name: string }): boolean =>
  name.startsWith('store writeStatus (') && name.endsWith(' next)');

/** Records of which there may be one more or less: of what is seen alone, and the second and later ones of a kind. */
export const isBookkeeping = (effect: string): boolean =>
  effect.startsWith('store writeStatus (what is seen)') || /^store .* #\d+$/.test(effect);
