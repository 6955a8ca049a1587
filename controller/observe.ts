import type { HostView, NodeObservation, Observation, RedisView } from '../reconcilers/observation.ts';
import type { GroupNode } from './group-nodes.ts';
import type { Clock } from './ports/clock.ts';
import type { LeaseTerms } from './ports/host.ts';

/** How long a pass waits for a witness that was silent the last time: the others must not wait for it (ms). */
const graceForSilentMs = 20;

/** Looks at every Redis and every host at once; one that was silent last time is given a short grace only. */
export class Observer {
  readonly #clock: Clock;
  readonly #looks = new Map<string, Look<{ readonly state: string }>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `leases`: those that this look renews, by node. */
  async observe(
    nodes: Iterable<GroupNode>,
    leases: ReadonlyMap<string, LeaseTerms> = new Map(),
  ): Promise<Observation> {
    const begunAt = this.#clock.now();
    return {
      begunAt,
      nodes: await Promise.all([...nodes].map((node) => this.#node(node, leases.get(node.name)))),
    };
  }

  async #node(node: GroupNode, lease: LeaseTerms | undefined): Promise<NodeObservation> {
    const { name, host } = node;
    const none: HostView = { state: 'none' };
    const [redis, machine] = await Promise.all([
      this.#look<RedisView>(`${name}/redis`, () => node.redis.observe()),
      host === undefined ? none : this.#look<HostView>(`${name}/host`, () => host.observe(lease)),
    ]);
    return { name, redis, host: machine };
  }

  async #look<T extends { readonly state: string }>(
    key: string,
    begin: () => Promise<T>,
  ): Promise<T | { state: 'silent' }> {
    const known = this.#looks.get(key) as Look<T> | undefined;
    const look = known ?? new Look<T>();
    if (known === undefined) this.#looks.set(key, look);
    const answer = look.ask(begin);
    if (!look.wasSilent) return answer;
    const grace = this.#clock.sleep(graceForSilentMs).then(() => ({ state: 'silent' as const }));
    return Promise.race([answer, grace]);
  }
}

/** One witness: at most one question is under way, and a late answer serves whoever asks then. */
class Look<T extends { readonly state: string }> {
  wasSilent = false;
  #pending: Promise<T> | undefined;

  ask(begin: () => Promise<T>): Promise<T> {
    this.#pending ??= begin().then((view) => {
      this.#pending = undefined;
      this.wasSilent = view.state === 'silent';
      return view;
    });
    return this.#pending;
  }
}
