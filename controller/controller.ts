import type { FailoverGroup } from '../crd/failover-group.ts';
import type { Status } from '../crd/status.ts';
import type { Memory } from '../reconcilers/memory.ts';
import { emptyMemory } from '../reconcilers/memory.ts';
import type { Observation } from '../reconcilers/observation.ts';
import type { Finding } from '../reconcilers/reasons.ts';
import { Reason } from '../reconcilers/reasons.ts';
import { differs } from '../reconcilers/significance.ts';
import { unconnectedStatus } from '../reconcilers/unconnected.ts';
import type { GroupNode } from './group-nodes.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { Observer } from './observe.ts';
import type { Clock } from './ports/clock.ts';
import type { SecretsPort } from './ports/secrets.ts';
import type { StoredGroup, StorePort } from './ports/store.ts';
import type { Timers } from './ports/timers.ts';
import { phaseOf, untilPhase } from './probe-phase.ts';
import { processTimers } from './process-timers.ts';
import type { KeepLeases, PassEvent } from './reconcile-pass.ts';
import { reconcilePass } from './reconcile-pass.ts';
import { dismissWatch, nodesTakenOut, withoutLeases } from './retire.ts';
import { refuseSharedHosts } from './shared-hosts.ts';
import { UnderstudyError } from './understudy-error.ts';
import { WorkQueue } from './work-queue.ts';

/** Makes the two ends of every node of a group; may reject when a secret cannot be read. */
export type ConnectGroup = (group: FailoverGroup) => Promise<readonly GroupNode[]>;

export interface ControllerOptions {
  readonly store: StorePort;
  readonly connect: ConnectGroup;
  /** Where the groups' secrets come from, when they can change under way. */
  readonly secrets?: SecretsPort;
  readonly clock: Clock;
  /** Absent: those of this process. */
  readonly timers?: Timers;
  readonly commandTimeoutMs: number;
  /** The fallback: how often (ms) a group is looked at when nothing happens. */
  readonly probeMs: number;
  readonly tell: (event: ControllerEvent) => void;
}

export type ControllerEvent =
  | (PassEvent & { readonly key: string; readonly pass: number })
  | { readonly kind: 'problem'; readonly key: string; readonly message: string }
  | { readonly kind: 'fault'; readonly key: string; readonly cause: unknown }
  /** Deleted: the leases are off its nodes, but for those of the nodes that could not be reached in time. */
  | { readonly kind: 'retired'; readonly key: string; readonly unreached: readonly string[] }
  | { readonly kind: 'gone'; readonly key: string };

/** What is held of one group between passes. */
interface Held {
  /** The document that the connections were made from, and the part of it that they depend on. */
  group: FailoverGroup;
  readonly wiring: string;
  readonly secretsVersion: string;
  readonly nodes: ReadonlyMap<string, GroupNode>;
  readonly observer: Observer;
  memory: Memory;
  failures: number;
  /** Passes in a row that did something. */
  busy: number;
  passes: number;
  readonly connectedAt: number;
  /** When within the probe interval it is probed (ms). */
  readonly phase: number;
  /** A server refused our password: it may have been changed where it is kept. */
  passwordRefused: boolean;
  problem?: string | undefined;
}

/** How often a refused password is read anew (ms). */
const rereadMs = 5_000;
/** Groups are taken up one after the other: a thousand at once would only wait for each other. */
const startSpacingMs = 1;
const firstBackoffMs = 20;
const longestBackoffMs = 5_000;
const retireAgainMs = 500;
/** A node that is away for good shall not keep its group from being deleted. */
const longestRetirementMs = 60_000;
/** More passes in a row that do something than any change needs: what is done does not hold, so no hurry. */
const mostBusy = 20;

/** The loop: every event enqueues a group's key, and every pass is one look and what follows from it. */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #timers: Timers;
  readonly #queue: WorkQueue;
  readonly #held = new Map<string, Held>();
  /** Groups that are being connected to: they have their hosts already. */
  readonly #connecting = new Map<string, { readonly group: FailoverGroup }>();
  readonly #leases: LeaseKeeper;
  /** Why a group could not be claimed, as it was told last. */
  readonly #unclaimed = new Map<string, string>();
  /** Since when a deleted group is being let go of (ms). */
  readonly #retiring = new Map<string, number>();

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#timers = options.timers ?? processTimers;
    this.#leases = new LeaseKeeper(options.probeMs, this.#timers);
    this.#queue = new WorkQueue((key) => this.#work(key), this.#timers);
  }

  async start(): Promise<void> {
    const { store, secrets } = this.#options;
    secrets?.onChange(() => {
      for (const key of store.keys()) this.#queue.add(key);
    });
    await store.start((key) => this.#queue.add(key));
    for (const [index, key] of store.keys().entries()) this.#queue.addAfter(key, index * startSpacingMs);
  }

  /** Finishes the passes under way, then lets go of every connection. What runs on the nodes runs on. */
  async stop(): Promise<void> {
    await this.#queue.close();
    await this.#options.store.stop();
    for (const key of [...this.#held.keys()]) this.#release(key);
  }

  async #work(key: string): Promise<void> {
    try {
      await this.#pass(key);
    } catch (cause) {
      this.#options.tell({ kind: 'fault', key, cause });
      this.#queue.addAfter(key, longestBackoffMs);
    }
  }

  async #pass(key: string): Promise<void> {
    const { store, clock, commandTimeoutMs, tell } = this.#options;
    const stored = await this.#claimed(key);
    if (stored === 'notClaimed') return;
    if (stored === undefined) return this.#forget(key);
    if (stored.retiring === true) return this.#retire(key, stored);
    const { held, group, problem } = await this.#reach(key, stored);
    if (stored.problem !== held.problem && stored.problem !== undefined)
      tell({ kind: 'problem', key, message: stored.problem });
    held.problem = stored.problem;
    held.passes += 1;
    const pass = held.passes;
    const { nodes, observer } = held;
    const note = (event: PassEvent): void => {
      if (event.kind === 'decided') held.passwordRefused = isRefused(event.situation.observation);
      tell({ ...event, key, pass });
    };
    const keepLeases: KeepLeases = (all, leases, work) => this.#leases.during(all, leases, work);
    const reach = { nodes, observer, store, clock, commandTimeoutMs };
    const dependencies = { ...reach, problem: problem ?? invalid(stored), keepLeases, tell: note };
    const { memory, result, lookAgainInMs } = await reconcilePass(
      dependencies,
      { ...stored, group },
      held.memory,
    );
    held.memory = memory;
    held.busy = result === 'idle' ? 0 : held.busy + 1;
    held.failures = result === 'failed' || held.busy > mostBusy ? held.failures + 1 : 0;
    const { probeMs } = this.#options;
    if (held.failures > 0)
      this.#queue.addAfter(key, Math.min(firstBackoffMs * 2 ** (held.failures - 1), longestBackoffMs));
    else if (result === 'acted') this.#queue.add(key);
    else this.#queue.addAfter(key, Math.min(lookAgainInMs ?? probeMs, this.#untilProbe(held)));
  }

  #untilProbe({ phase }: Held): number {
    return untilPhase(phase, this.#options.probeMs, this.#timers.now());
  }

  /** The group, made sure not to vanish under us: before anything is left on its nodes that must be taken off again. */
  async #claimed(key: string): Promise<StoredGroup | 'notClaimed' | undefined> {
    const { store, tell } = this.#options;
    if (store.get(key) === undefined) return undefined;
    const outcome = await store.claim(key);
    if (outcome.kind === 'done') {
      this.#unclaimed.delete(key);
      return store.get(key);
    }
    if (this.#unclaimed.get(key) !== outcome.message)
      tell({ kind: 'problem', key, message: outcome.message });
    this.#unclaimed.set(key, outcome.message);
    this.#queue.addAfter(key, longestBackoffMs / 10);
    return 'notClaimed';
  }

  /** Gone, or never good: its status says why, where it has one. */
  async #forget(key: string): Promise<void> {
    const { store, clock, tell } = this.#options;
    const rejected = store.rejected(key);
    if (rejected === undefined) {
      this.#retiring.delete(key);
      this.#release(key);
      this.#queue.forget(key);
      tell({ kind: 'gone', key });
      return;
    }
    const { status, version, generation, problem } = rejected;
    // Of its nodes nothing is known here; a watch that an earlier document left there looks after itself.
    if (rejected.retiring === true) return this.#vanish(key, []);
    const told = unconnectedStatus(
      status,
      { reason: Reason.SpecInvalid, message: problem },
      { generation, now: clock.now() },
    );
    if (!differs(status, told)) return;
    tell({ kind: 'problem', key, message: problem });
    const outcome = await store.writeStatus(key, told, version);
    if (outcome.kind !== 'done') this.#queue.addAfter(key, longestBackoffMs / 10);
  }

  /** Deleted: Redis and the units stay as they are; what would act on them by itself is taken off. */
  async #retire(key: string, stored: StoredGroup): Promise<void> {
    const { clock } = this.#options;
    const retiring = this.#retiring;
    const since = retiring.get(key) ?? clock.now();
    retiring.set(key, since);
    const reached = await this.#reach(key, stored).catch(() => undefined);
    const { group, status } = stored;
    // One that could never be connected to has left nothing anywhere.
    const touched = status.currentPrimary === undefined ? [] : group.spec.nodes.map(({ name }) => name);
    const unreached =
      reached === undefined ? touched : await withoutLeases(reached.held.nodes.values(), status.epoch ?? 0);
    if (unreached.length > 0 && clock.now() - since < longestRetirementMs) {
      this.#queue.addAfter(key, retireAgainMs);
      return;
    }
    await this.#vanish(key, unreached);
  }

  async #vanish(key: string, unreached: readonly string[]): Promise<void> {
    const outcome = await this.#options.store.letGo(key);
    if (outcome.kind !== 'done') {
      this.#queue.addAfter(key, retireAgainMs);
      return;
    }
    this.#retiring.delete(key);
    this.#release(key);
    this.#options.tell({ kind: 'retired', key, unreached });
  }

  /** The connections that the document asks for; the last good ones, with the problem, when it cannot have them. */
  async #reach(
    key: string,
    stored: StoredGroup,
  ): Promise<{ held: Held; group: FailoverGroup; problem?: Finding }> {
    try {
      return { held: await this.#hold(key, stored), group: stored.group };
    } catch (cause) {
      const problem = unconnected(cause);
      const known = this.#held.get(key);
      if (known !== undefined) return { held: known, group: known.group, problem };
      await this.#tellUnconnected(stored, problem);
      throw cause;
    } finally {
      this.#connecting.delete(key);
    }
  }

  /** Groups of the same name that were led already: they go before one that was not, in whatever order they are met. */
  #seniors(key: string, { group, status }: StoredGroup): (readonly [string, StoredGroup])[] {
    if (status.currentPrimary !== undefined) return [];
    const { store } = this.#options;
    return store.keys().flatMap((other) => {
      const stored =
        other !== key && other.endsWith(`/${group.metadata.name}`) ? store.get(other) : undefined;
      return stored?.status.currentPrimary === undefined ? [] : [[other, stored] as const];
    });
  }

  /** The operator reads status: what keeps us from connecting stands there. */
  async #tellUnconnected(stored: StoredGroup, problem: Finding): Promise<void> {
    const { store, clock } = this.#options;
    const at = { generation: stored.group.metadata.generation ?? 0, now: clock.now() };
    const status = unconnectedStatus(stored.status, problem, at);
    if (differs(stored.status, status)) await store.writeStatus(stored.key, status, stored.version);
  }

  async #hold(key: string, stored: StoredGroup): Promise<Held> {
    const { group } = stored;
    const { secrets } = this.#options;
    // Of the secrets as they were before they are read: one that changes meanwhile is read anew.
    const secretsVersion = secrets?.version(group) ?? '';
    const known = this.#held.get(key);
    const wiring = known?.group.spec === group.spec ? known.wiring : wiringOf(group);
    const { clock } = this.#options;
    const reread = known?.passwordRefused === true && clock.now() - known.connectedAt >= rereadMs;
    if (known?.wiring === wiring && known.secretsVersion === secretsVersion && !reread) {
      known.group = group;
      return known;
    }
    refuseSharedHosts(key, group, [...this.#held, ...this.#connecting, ...this.#seniors(key, stored)]);
    this.#connecting.set(key, { group });
    const nodes = await this.#options.connect(group);
    const leaving = known === undefined ? [] : nodesTakenOut(known.group, group);
    this.#release(key, leaving);
    for (const name of leaving) this.#dismiss(known?.nodes.get(name), stored.status);
    const held: Held = {
      group,
      wiring,
      secretsVersion,
      nodes: new Map(nodes.map((node) => [node.name, node])),
      observer: new Observer(clock),
      memory: known?.memory ?? emptyMemory,
      failures: 0,
      busy: 0,
      passes: known?.passes ?? 0,
      connectedAt: clock.now(),
      phase: phaseOf(key, this.#options.probeMs),
      passwordRefused: false,
    };
    for (const node of nodes) {
      node.redis.onLost(() => this.#queue.add(key));
      node.host?.onChange(() => this.#queue.add(key));
    }
    this.#held.set(key, held);
    return held;
  }

  #release(key: string, but: readonly string[] = []): void {
    for (const node of this.#held.get(key)?.nodes.values() ?? []) if (!but.includes(node.name)) close(node);
    this.#held.delete(key);
  }

  /** Nobody waits for it: a node is often taken out because it is gone. */
  #dismiss(node: GroupNode | undefined, { epoch = 0 }: Status): void {
    if (node !== undefined) void dismissWatch(node, epoch).finally(() => close(node));
  }
}

function close({ redis, host, fence }: GroupNode): void {
  redis.close();
  host?.close();
  fence?.close();
}

function unconnected(cause: unknown): Finding {
  if (cause instanceof UnderstudyError) return { reason: Reason.Unconnected, message: cause.message };
  return { reason: Reason.Unconnected, message: 'The group could not be connected to; see the log.' };
}

function invalid({ problem }: StoredGroup): Finding | undefined {
  return problem === undefined ? undefined : { reason: Reason.SpecInvalid, message: problem };
}

function isRefused({ nodes }: Observation): boolean {
  return nodes.some((node) => node.redis.state === 'unauthorised');
}

/** Whatever of the spec makes new connections necessary when it changes. */
function wiringOf({ spec }: FailoverGroup): string {
  const { nodes, redis, ssh, units, failover } = spec;
  return JSON.stringify([nodes, redis, ssh, units, failover.leaseSeconds]);
}
