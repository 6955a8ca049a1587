import { isDeepStrictEqual } from 'node:util';
import type { Disturbance } from './disturbances.ts';
import type { Run } from './run-scenario.ts';

/** What was done where. */
export interface Place {
  readonly scenario: string;
  readonly disturbance: Disturbance['name'] | 'undone';
  /** The effect after which it was done; of a change that was undone, the change. */
  readonly effect: string;
  /** Of the effect, among those of the undisturbed run, counted from 1. */
  readonly index: number;
}

/** One disturbed run beside the undisturbed one. */
export interface TableRow extends Place {
  readonly sameEnd: boolean;
  readonly samePromotions: boolean;
  readonly sameDemotions: boolean;
  readonly sameStarts: boolean;
  readonly sameStops: boolean;
  /** What differs, where something does: place, what was expected, what was found. */
  readonly differences: readonly string[];
}

export function judged(
  place: Place,
  expected: Pick<Run, 'end' | 'counts'>,
  found: Pick<Run, 'end' | 'counts'>,
): TableRow {
  const same = (name: keyof Run['counts']): boolean => expected.counts[name] === found.counts[name];
  const ends = differencesOf(expected.end, found.end, 'end');
  return {
    ...place,
    sameEnd: ends.length === 0,
    samePromotions: same('promotions'),
    sameDemotions: same('demotions') && same('repoints'),
    sameStarts: same('starts') && same('doubles'),
    sameStops: same('stops'),
    differences: [...ends, ...differencesOf(expected.counts, found.counts, 'counts')],
  };
}

/** A run that did not come to its end. */
export function failed(place: Place, why: string): TableRow {
  const nothing = { samePromotions: false, sameDemotions: false, sameStarts: false, sameStops: false };
  return { ...place, sameEnd: false, ...nothing, differences: [why] };
}

export const isGood = ({ differences }: TableRow): boolean => differences.length === 0;

function differencesOf(expected: unknown, found: unknown, path: string): string[] {
  if (isDeepStrictEqual(expected, found)) return [];
  if (!isPlain(expected) || !isPlain(found))
    return [`${path}: ${JSON.stringify(expected)} expected, ${JSON.stringify(found)} found`];
  const names = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...names].flatMap((name) => differencesOf(expected[name], found[name], `${path}.${name}`));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
