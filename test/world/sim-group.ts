import { Observer } from '../../controller/observe.ts';
import type { StoredGroup } from '../../controller/ports/store.ts';
import type { PassEvent, PassResult } from '../../controller/reconcile-pass.ts';
import { reconcilePass } from '../../controller/reconcile-pass.ts';
import type { FailoverGroup } from '../../crd/failover-group.ts';
import type { Status } from '../../crd/status.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import type { Memory } from '../../reconcilers/memory.ts';
import { emptyMemory } from '../../reconcilers/memory.ts';
import type { Meddling } from './sim-ports.ts';
import { ControllerKilled, calm, simClock, simNodes } from './sim-ports.ts';
import { World } from './world.ts';

export const units = ['bot-a.service', 'bot-b.service'];

/** A group as it would be parsed, with waits short enough to be simulated through. */
export function simSpec(names: readonly string[], leaseSeconds = 0): FailoverGroup['spec'] {
  return {
    primary: names[0] ?? '',
    nodes: names.map((name) => ({
      name,
      redis: { host: name, port: 6379 },
      ...(leaseSeconds === 0
        ? { local: { directory: `/${name}` } }
        : { ssh: { host: name, port: 22, user: 'root' } }),
    })),
    redis: { unit: 'redis-server.service', config: {} },
    units: units.map((name) => ({ name })),
    failover: {
      mode: 'Automatic',
      unreachableAfterSeconds: 5,
      stoppedGraceSeconds: 3,
      maxLagBytes: 1_000_000,
      cooldownSeconds: 10,
      fencing: 'Required',
      leaseSeconds,
    },
    switchover: { catchUpTimeoutSeconds: 10 },
    failback: { policy: 'Manual', stableSeconds: 30 },
    paused: false,
  } as FailoverGroup['spec'];
}

/** The production pass over a simulated world, with a store in memory. */
export class SimGroup {
  readonly world: World;
  readonly meddling: Meddling = calm();
  readonly preserved: (readonly number[])[] = [];
  readonly events: PassEvent[] = [];
  spec: FailoverGroup['spec'];
  annotations: Record<string, string> = {};
  status: Status = {};
  generation = 1;
  statusWrites = 0;
  /** The disk is full, or the API server away. */
  storeFails = false;
  #memory: Memory = emptyMemory;
  #observer: Observer;

  /** With a lease the nodes are machines of their own, reached by SSH; without, they are on the controller's. */
  constructor(names: readonly string[], leaseSeconds = 0) {
    this.world = new World(names, units);
    this.spec = simSpec(names, leaseSeconds);
    this.#observer = new Observer(simClock(this.world));
  }

  edit(change: Partial<FailoverGroup['spec']>): void {
    this.spec = { ...this.spec, ...change };
    this.generation += 1;
  }

  /** The process dies: what it remembered is gone, what it recorded stays. */
  restart(): void {
    this.#memory = emptyMemory;
    this.#observer = new Observer(simClock(this.world));
    this.meddling.killAfter = undefined;
  }

  /** One pass; a kill in the middle of it is survived by the next process. */
  async pass(): Promise<PassResult['result'] | 'killed'> {
    this.events.length = 0;
    const { world, meddling } = this;
    try {
      const { memory, result } = await reconcilePass(
        {
          nodes: simNodes(world, meddling, this.preserved),
          observer: this.#observer,
          clock: simClock(world),
          commandTimeoutMs: 500,
          store: { get: () => this.#stored(), writeStatus: async (_key, status) => this.#write(status) },
          tell: (event) => this.events.push(event),
        },
        this.#stored(),
        this.#memory,
      );
      this.#memory = memory;
      return result;
    } catch (error) {
      if (!(error instanceof ControllerKilled)) throw error;
      this.restart();
      return 'killed';
    }
  }

  #write(status: Status): Outcome {
    if (this.meddling.killAfter === 0) throw new ControllerKilled();
    if (this.storeFails) return { kind: 'refused', reason: 'StoreUnavailable', message: 'no room' };
    this.status = structuredClone(status);
    this.statusWrites += 1;
    if (this.meddling.killAfter !== undefined) this.meddling.killAfter -= 1;
    if (this.meddling.killAfter === 0) throw new ControllerKilled();
    return { kind: 'done' };
  }

  #stored(): StoredGroup {
    const metadata = { name: 'sim', generation: this.generation, annotations: this.annotations };
    return {
      key: 'sim',
      group: { apiVersion: 'understudy.dev/v1alpha1', kind: 'FailoverGroup', metadata, spec: this.spec },
      status: this.status,
      version: '',
    };
  }

  condition(type: string): { status: string; reason: string; message: string } | undefined {
    return this.status.conditions?.find((condition) => condition.type === type);
  }

  /** Ready, and no request is put off for a later try. */
  #atRest(): boolean {
    return (
      this.condition('Ready')?.status === 'True' &&
      this.condition('PrimaryAsRequested')?.reason !== 'RetryingLater' &&
      this.condition('FailoverReady')?.reason !== 'CoolingDown'
    );
  }

  /** Lets time pass in the loop's own rhythm until Ready and quiet; false when that does not come. */
  async settle(mostPasses = 400): Promise<boolean> {
    let quiet = 0;
    for (let pass = 0; pass < mostPasses; pass += 1) {
      const before = this.statusWrites;
      const result = await this.pass();
      const still = result === 'idle' && this.statusWrites === before;
      quiet = still && this.#atRest() ? quiet + 1 : 0;
      if (quiet >= 3) return true;
      this.world.advance(result === 'idle' || result === 'failed' ? 1000 : 1);
    }
    return false;
  }
}
