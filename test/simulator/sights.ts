import type { Observation } from '../../reconcilers/observation.ts';
import type { Data, Segment } from './history.ts';

interface Sight {
  /** What it held, where its Redis answered. */
  readonly data: Data;
  /** When the look began (ms). */
  readonly at: number;
}

/** What the controllers were shown, by the process that was shown it: it begins with nothing. */
export class Sights {
  readonly #segments = new Map<string, Segment>();
  readonly #bySeat = new Map<string, Map<string, Sight>>();
  /** When any controller last heard a node. */
  readonly heardAt = new Map<string, number>();

  /** So that a replication id that a controller is shown later can be told. */
  knows(segment: Segment): void {
    if (!this.#segments.has(segment.id)) this.#segments.set(segment.id, segment);
  }

  /** A new process knows nothing of what the one before saw. */
  began(by: string): void {
    this.#bySeat.delete(by);
  }

  looked(by: string, { nodes }: Observation, at: number): void {
    const own = this.#bySeat.get(by) ?? new Map<string, Sight>();
    this.#bySeat.set(by, own);
    for (const { name, redis } of nodes) {
      if (redis.state !== 'answers') continue;
      this.heardAt.set(name, at);
      const segment = this.#segments.get(redis.replicationId);
      if (segment !== undefined) own.set(name, { data: { segment, offset: redis.offset }, at });
    }
  }

  /** What that process last saw the node hold. */
  of(by: string, node: string): Data | undefined {
    return this.#bySeat.get(by)?.get(node)?.data;
  }
}
