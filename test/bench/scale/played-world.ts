import { PlayedNode, type Stage } from './played-node.ts';
import { ServerInfo } from './server-info.ts';

/** Pairs of played nodes: in each, `a` leads at first and `b` replicates from it. */
export class PlayedWorld {
  readonly #pairs: (readonly [a: PlayedNode, b: PlayedNode])[] = [];
  readonly #byPort = new Map<number, { readonly node: PlayedNode; readonly pair: number }>();
  /** Commands so far that change something. */
  changes = 0;

  /** `onPromoted` gets the number of the pair and the time (ms, monotonic). */
  static async make(
    pairs: number,
    password: string,
    onPromoted: (pair: number, ms: number) => void,
  ): Promise<PlayedWorld> {
    const world = new PlayedWorld();
    const stage: Stage = {
      info: new ServerInfo(),
      password,
      at: (port) => world.#byPort.get(port)?.node,
      replicasOf: (node) => world.#replicasOf(node),
      changed: () => {
        world.changes += 1;
      },
      promoted: (node, ms) => onPromoted(world.#byPort.get(node.port)?.pair ?? -1, ms),
    };
    for (let pair = 0; pair < pairs; pair += 1) await world.#add(stage);
    return world;
  }

  get ports(): readonly (readonly [number, number])[] {
    return this.#pairs.map(([a, b]) => [a.port, b.port] as const);
  }

  /** Kills whoever leads that pair; which of the two, and when (ms, monotonic). */
  killPrimary(pair: number): { readonly node: 'a' | 'b'; readonly ms: number } {
    const [a, b] = this.#pairs[pair] ?? [];
    const primary = [a, b].find((node) => node !== undefined && node.of === undefined && !node.dead);
    if (primary === undefined) throw new Error(`pair ${pair} has no primary`);
    return { node: primary === a ? 'a' : 'b', ms: primary.die() };
  }

  close(): void {
    for (const { node } of this.#byPort.values()) node.close();
  }

  async #add(stage: Stage): Promise<void> {
    const [a, b] = [new PlayedNode(stage), new PlayedNode(stage)];
    await Promise.all([a.listen(), b.listen()]);
    const pair = this.#pairs.length;
    for (const node of [a, b]) this.#byPort.set(node.port, { node, pair });
    this.#pairs.push([a, b]);
    b.follow(a);
  }

  #replicasOf(node: PlayedNode): readonly PlayedNode[] {
    const known = this.#byPort.get(node.port);
    const pair = known === undefined ? undefined : this.#pairs[known.pair];
    return (pair ?? []).filter((one) => one.of === node.port && !one.dead);
  }
}
