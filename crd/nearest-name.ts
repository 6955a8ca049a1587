import { closest, distance } from 'fastest-levenshtein';

function lettersOf(text: string): string {
  return [...text.toLowerCase()].sort().join('');
}

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
  // Two letters changed round count as two mistakes, but are one.
  if (wrong.length > 2 && lettersOf(wrong) === lettersOf(best)) return name;
  return distance(wrong.toLowerCase(), best) <= allowed ? name : undefined;
}
