/** A stretch of writes that one primary took: what it continued from, and up to where. */
export interface Segment {
  /** Redis's replication id. */
  readonly id: string;
  readonly parent: Segment | undefined;
  /** The offset up to which the parent's writes are part of it. */
  readonly parentEnd: number;
}

/** A data set, by where it stands in the tree of all histories: every write up to `offset`. */
export interface Data {
  readonly segment: Segment;
  readonly offset: number;
}

export const emptyData = (id: string): Data => ({
  segment: { id, parent: undefined, parentEnd: 0 },
  offset: 0,
});

/** A history of its own that begins where `data` ends. */
export function continued(data: Data, id: string): Data {
  return { segment: { id, parent: data.segment, parentEnd: data.offset }, offset: data.offset };
}

/** Up to where (an offset) `data` is also in `other`. Offsets count on through a continued history. */
export function commonEnd(data: Data, other: Data): number {
  let limit = data.offset;
  for (let own: Segment | undefined = data.segment; own !== undefined; own = own.parent) {
    let theirs = other.offset;
    for (let seen: Segment | undefined = other.segment; seen !== undefined; seen = seen.parent) {
      if (seen === own) return Math.min(limit, theirs);
      theirs = Math.min(theirs, seen.parentEnd);
    }
    limit = Math.min(limit, own.parentEnd);
  }
  return 0;
}

/** Bytes of writes that are in `data` and not in `other`. */
export function missingFrom(other: Data, data: Data): number {
  return data.offset - commonEnd(data, other);
}

/** Whether `data` holds something of that stretch, or goes on from it. */
export function isPart(stretch: Segment, { segment }: Data): boolean {
  for (let own: Segment | undefined = segment; own !== undefined; own = own.parent)
    if (own === stretch) return true;
  return false;
}
