import type { Observation } from '../../reconcilers/observation.ts';
import type { Data, Segment } from './history.ts';
import type { Server } from './server.ts';

type Servers = ReadonlyMap<string, Server>;

/** What the controllers were shown, by the process that was shown it: it begins with nothing. */
export class Sights {
  readonly #segments = new Map<string, Segment>();
  readonly #bySeat = new Map<string, Map<string, Data>>();
  /** By node, whoever it was shown to. */
  readonly #newest = new Map<string, Data>();
  /** Which process of a node's Redis was last there, as Redis itself or its host told. */
  readonly #incarnations = new Map<string, number>();
  readonly #hostSilent = new Map<string, Set<string>>();
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

  looked(by: string, { nodes }: Observation, { at, servers }: { at: number; servers: Servers }): void {
    const own = this.#bySeat.get(by) ?? new Map<string, Data>();
    this.#bySeat.set(by, own);
    const silent = nodes.filter(({ host }) => host.state !== 'answers').map(({ name }) => name);
    this.#hostSilent.set(by, new Set(silent));
    for (const { name, redis, host } of nodes) {
      const isThere = host.state === 'answers' && host.redisUnit?.state === 'running';
      if (isThere) this.#incarnations.set(name, servers.get(name)?.incarnation ?? 0);
      if (redis.state !== 'answers') continue;
      this.#incarnations.set(name, Number(redis.runId.split('#')[1]));
      this.heardAt.set(name, at);
      const segment = this.#segments.get(redis.replicationId);
      if (segment === undefined) continue;
      const data = { segment, offset: redis.offset };
      own.set(name, data);
      this.#newest.set(name, data);
    }
  }

  /** What that process last saw the node hold. */
  of(by: string, node: string): Data | undefined {
    return this.#bySeat.get(by)?.get(node);
  }

  /** What anybody last saw it hold. */
  newestOf(node: string): Data | undefined {
    return this.#newest.get(node);
  }

  incarnationOf(node: string): number | undefined {
    return this.#incarnations.get(node);
  }

  /** Whether the node's host told that process nothing when it last looked. */
  isHostSilent(by: string, node: string): boolean {
    return this.#hostSilent.get(by)?.has(node) === true;
  }
}
