import type { StoredGroup, StorePort } from '../../controller/ports/store.ts';
import type { FailoverGroup } from '../../crd/failover-group.ts';
import type { Status } from '../../crd/status.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import type { Network } from './network.ts';
import type { SimProcess } from './sim-process.ts';

export const groupKey = 'sim';
type Spec = FailoverGroup['spec'];

const done: Outcome = { kind: 'done' };
const unavailable: Outcome = { kind: 'refused', reason: 'StoreUnavailable', message: 'no room' };
const conflict: Outcome = { kind: 'refused', reason: 'Conflict', message: 'status changed since' };
const unknown: Outcome = { kind: 'unknown', reason: 'OutcomeUnknown', message: 'no answer' };
const writeTimeoutMs = 5_000;
const newsMs = 20;

/** Where the document and its status are: an API server, or a folder. Every controller has a mirror of it. */
export class SimStore {
  readonly network: Network;
  spec: Spec;
  annotations: Readonly<Record<string, string>> = {};
  generation = 1;
  status: Status = {};
  version = 1;
  /** It takes no writes: the disk is full. */
  isFull = false;
  /** Processes to which nothing gets through. */
  readonly cutOff = new Set<string>();
  onRecorded: (before: Status, after: Status, by: string) => void = () => undefined;
  readonly #mirrors = new Set<Mirror>();

  constructor(network: Network, spec: Spec) {
    this.network = network;
    this.spec = spec;
  }

  edit(change: Partial<Spec>): void {
    this.spec = { ...this.spec, ...change };
    this.generation += 1;
    this.spread();
  }

  annotate(annotations: Readonly<Record<string, string>>): void {
    this.annotations = annotations;
    this.spread();
  }

  /** Every mirror that can be reached hears of the latest soon. */
  spread(): void {
    const { time } = this.network;
    for (const mirror of this.#mirrors) time.after(newsMs, () => mirror.process.run(() => mirror.refresh()));
  }

  mirror(process: SimProcess): StorePort {
    const mirror = new Mirror(this, process);
    this.#mirrors.add(mirror);
    return mirror;
  }

  drop(mirror: Mirror): void {
    this.#mirrors.delete(mirror);
  }

  take(status: Status, version: string, by: string): Outcome {
    if (this.isFull) return unavailable;
    if (version !== String(this.version)) return conflict;
    const before = this.status;
    // As it comes back from where it is kept.
    this.status = JSON.parse(JSON.stringify(status)) as Status;
    this.version += 1;
    this.onRecorded(before, this.status, by);
    this.spread();
    return done;
  }
}

class Mirror implements StorePort {
  readonly process: SimProcess;
  readonly #store: SimStore;
  #known: StoredGroup;
  #onChange: (key: string) => void = () => undefined;

  constructor(store: SimStore, process: SimProcess) {
    this.#store = store;
    this.process = process;
    this.#known = this.#stored();
  }

  async start(onChange: (key: string) => void): Promise<void> {
    this.#onChange = onChange;
    this.#known = this.#stored();
  }

  keys(): readonly string[] {
    return [groupKey];
  }

  get(): StoredGroup {
    return this.#known;
  }

  rejected(): undefined {
    return undefined;
  }

  async claim(): Promise<Outcome> {
    return done;
  }

  async letGo(): Promise<Outcome> {
    return done;
  }

  async stop(): Promise<void> {
    this.#store.drop(this);
  }

  refresh(): void {
    const store = this.#store;
    if (store.cutOff.has(this.process.name)) return;
    const latest = this.#stored();
    const { group } = this.#known;
    const isNews =
      latest.version !== this.#known.version ||
      latest.group.metadata.generation !== group.metadata.generation ||
      latest.group.metadata.annotations !== group.metadata.annotations;
    if (!isNews) return;
    this.#known = latest;
    this.#onChange(groupKey);
  }

  writeStatus(_key: string, status: Status, version: string): Promise<Outcome> {
    const { network, cutOff } = this.#store;
    const { time } = network;
    return new Promise((resolve) => {
      const held = this.process.leaving();
      const fate = network.fate();
      let isOver = false;
      const settle = (outcome: Outcome): void => {
        if (isOver) return;
        isOver = true;
        cancel();
        resolve(outcome);
      };
      const cancel = time.after(held + writeTimeoutMs, () => this.process.run(() => settle(unknown)));
      const late = fate === 'late' ? network.lateMs() : 0;
      time.after(held + network.wayMs() + late, () => {
        if (cutOff.has(this.process.name) || (held > 0 && !this.process.isAlive)) return;
        if (fate === 'lost' && network.happens(0.5)) return;
        const outcome = this.#store.take(status, version, this.process.name);
        const written = this.#store.version;
        this.process.carriedOut();
        if (fate === 'lost') return;
        time.after(network.wayMs(), () =>
          this.process.run(() => {
            // What it wrote itself it knows at once; that is no news.
            if (outcome.kind === 'done' && written === this.#store.version) this.#known = this.#stored();
            settle(outcome);
          }),
        );
      });
    });
  }

  #stored(): StoredGroup {
    const { spec, annotations, generation, status, version } = this.#store;
    const metadata = { name: groupKey, generation, annotations };
    return {
      key: groupKey,
      group: { apiVersion: 'understudy.dev/v1alpha1', kind: 'FailoverGroup', metadata, spec },
      status,
      version: String(version),
    };
  }
}
