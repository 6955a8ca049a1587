import type { Data, Segment } from './history.ts';

/** Writes that one node took without a break: from when (ms) to when, and from which offset to which. */
interface Stretch {
  readonly from: number;
  readonly start: number;
  to: number;
  end: number;
}

interface Life {
  readonly segment: Segment;
  readonly by: string;
  readonly stretches: Stretch[];
}

/** Who wrote which history, and when: what no port tells. */
export class WriteLog {
  readonly #lives = new Map<string, Life>();

  /** `by` took writes from then to then (ms), which brought its history to `end`. */
  note(
    by: string,
    { segment, offset: start }: Data,
    end: number,
    { from, to }: { from: number; to: number },
  ): void {
    let life = this.#lives.get(segment.id);
    if (life === undefined) {
      life = { segment, by, stretches: [] };
      this.#lives.set(segment.id, life);
    }
    const last = life.stretches.at(-1);
    if (last !== undefined && last.to === from) Object.assign(last, { to, end });
    else life.stretches.push({ from, start, to, end });
  }

  /** All that was ever written to a history, or had been by then (ms): nothing where nobody wrote to it. */
  whole(id: string, by = Number.POSITIVE_INFINITY): { readonly data: Data; readonly by: string } | undefined {
    const life = this.#lives.get(id);
    const last = life?.stretches.findLast(({ from }) => from <= by);
    if (life === undefined || last === undefined) return undefined;
    const { from, to, start, end } = last;
    const offset = by >= to ? end : Math.floor(start + ((by - from) / (to - from)) * (end - start));
    return { data: { segment: life.segment, offset }, by: life.by };
  }

  /** The histories that a node has written itself, oldest first. */
  writtenBy(node: string): Data[] {
    const own: Data[] = [];
    for (const { by, segment } of this.#lives.values()) {
      const whole = by === node ? this.whole(segment.id) : undefined;
      if (whole !== undefined) own.push(whole.data);
    }
    return own;
  }

  /** How long (ms) it took to write what of `data` comes after that offset. */
  spanAfter(data: Data, offset: number): number {
    if (data.offset <= offset) return 0;
    return Math.max(0, this.#timeOf(data, data.offset) - this.#timeOf(data, offset + 1));
  }

  #timeOf({ segment }: Data, offset: number): number {
    let own: Segment | undefined = segment;
    while (own?.parent !== undefined && own.parentEnd >= offset) own = own.parent;
    const stretches = own === undefined ? undefined : this.#lives.get(own.id)?.stretches;
    const found = stretches?.find(({ end }) => end >= offset);
    if (found === undefined) return 0;
    const { from, to, start, end } = found;
    return end === start ? to : from + ((offset - start) / (end - start)) * (to - from);
  }
}
