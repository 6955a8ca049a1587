import {
  acceptDataOfAnnotation,
  confirmFencedAnnotation,
  failbackAnnotation,
  parseFailbackEpoch,
  parseNodeAtEpoch,
} from '../crd/annotations.ts';
import type { Wishes } from '../reconcilers/situation.ts';

/** The operator's annotations, parsed. One that cannot be read asks for nothing. */
export function wishesOf(annotations: Readonly<Record<string, string>>): Wishes {
  const failback = read(annotations[failbackAnnotation], parseFailbackEpoch);
  const fenced = read(annotations[confirmFencedAnnotation], parseNodeAtEpoch);
  const accepted = read(annotations[acceptDataOfAnnotation], parseNodeAtEpoch);
  return {
    ...(failback === undefined ? {} : { failbackEpoch: failback }),
    ...(fenced === undefined ? {} : { confirmedFenced: fenced }),
    ...(accepted === undefined ? {} : { acceptDataOf: accepted }),
  };
}

function read<T>(
  text: string | undefined,
  parse: (text: string) => { ok: true; value: T } | { ok: false },
): T | undefined {
  if (text === undefined) return undefined;
  const parsed = parse(text);
  return parsed.ok ? parsed.value : undefined;
}
