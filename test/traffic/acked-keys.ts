/** The writes of one writer that were acknowledged: its key numbers as ascending, inclusive ranges. */
export interface AckedKeys {
  writer: number;
  ranges: readonly (readonly [first: number, last: number])[];
}

/** The key of a writer's write number `seq`. Each is written once. */
export function keyOf(writer: number, seq: number): string {
  return `w:${writer}:${seq}`;
}

/** Packs ascending numbers into ranges. */
export function toRanges(numbers: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const seq of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === seq - 1) last[1] = seq;
    else ranges.push([seq, seq]);
  }
  return ranges;
}

/** Every key, in order. */
export function* keysOf(acked: readonly AckedKeys[]): Generator<string> {
  for (const { writer, ranges } of acked) {
    for (const [first, last] of ranges) {
      for (let seq = first; seq <= last; seq += 1) yield keyOf(writer, seq);
    }
  }
}
