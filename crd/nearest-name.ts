import { closest, distance } from 'fastest-levenshtein';

/** The known name that a wrong one was probably meant to be, or undefined when none is near. */
export function nearest(wrong: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const same = known.find((name) => name.toLowerCase() === wrong.toLowerCase());
  if (same !== undefined) return same;
  const longer = known.find((name) => wrong.length >= 4 && name.startsWith(wrong));
  if (longer !== undefined) return longer;
  const best = closest(
    wrong.toLowerCase(),
    known.map((name) => name.toLowerCase()),
  );
  const name = known.find((candidate) => candidate.toLowerCase() === best);
  const allowed = Math.max(1, Math.floor(Math.min(wrong.length, best.length) / 3));
  return distance(wrong.toLowerCase(), best) <= allowed ? name : undefined;
}
