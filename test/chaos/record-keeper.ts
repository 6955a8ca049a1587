import { link, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Status, TransitionRecord } from '../../crd/status.ts';
import { closeAdmin, connectAdmin } from '../redis/admin-connection.ts';
import { info } from '../redis/info.ts';
import { monotonicMs } from '../traffic/monotonic.ts';
import type { ChaosStage } from './chaos-stage.ts';
import { keyOf, readWriteLogEnd, sampleOf } from './write-log.ts';

/** What a new primary was found to lack soon after a change: which acknowledged writes of the last while. */
export interface Probe {
  readonly epoch: number;
  /** Writes that were answered between these (monotonic ms) were asked for. */
  readonly from: number;
  readonly to: number;
  /** Of older writes, those that were asked for to stand for the rest. */
  readonly samples: ReadonlySet<string>;
  readonly missing: ReadonlySet<string>;
}

/** A copy of diverged data, kept from the controller's own tidying. */
export interface KeptCopy {
  readonly node: string;
  readonly epoch: number;
  /** As the status names it. */
  readonly path: string;
  /** Where it can be read. */
  readonly file: string;
}

/** How far back (ms) a probe looks. */
const probedMs = 60_000;
/** More than the log grows in that time. */
const probedBytes = 2_000_000;
const batchSize = 1_000;

/** Follows what the controller says that it did, before it is forgotten. */
export class RecordKeeper {
  readonly transitions = new Map<number, TransitionRecord>();
  readonly copies = new Map<string, KeptCopy>();
  readonly probes: Probe[] = [];
  /** When each node was seen in sync again (monotonic ms), in order. */
  readonly rejoined: { readonly node: string; readonly at: number }[] = [];
  #inSync = new Set<string>();
  readonly #stage: ChaosStage;
  #work: Promise<void> = Promise.resolve();
  #probedEpoch = 0;
  readonly #samples = new Set<string>();

  constructor(stage: ChaosStage) {
    this.#stage = stage;
  }

  note(status: Status): void {
    const inSync = new Set(
      (status.nodes ?? []).flatMap(({ name, inSync }) => (inSync === true ? [name] : [])),
    );
    for (const node of inSync) if (!this.#inSync.has(node)) this.rejoined.push({ node, at: monotonicMs() });
    this.#inSync = inSync;
    for (const record of [...(status.history ?? [])].reverse()) this.transitions.set(record.epoch, record);
    const copies = (status.preserved ?? []).filter(({ path }) => !this.copies.has(path));
    const last = status.lastTransition;
    if (copies.length === 0 && (last === undefined || last.epoch <= this.#probedEpoch)) return;
    if (last !== undefined) this.#probedEpoch = Math.max(this.#probedEpoch, last.epoch);
    this.#work = this.#work.then(async () => {
      for (const copy of copies) await this.#keep(copy);
      if (last !== undefined && !this.probes.some(({ epoch }) => epoch === last.epoch))
        await this.#probe(last).catch(() => undefined);
    });
  }

  /** Resolves when all that was noted has been followed up. */
  async settled(): Promise<void> {
    await this.#work;
  }

  async #keep(copy: { node: string; path: string; epoch: number }): Promise<void> {
    if (this.copies.has(copy.path)) return;
    const folder = join(this.#stage.folder, 'copies');
    await mkdir(folder, { recursive: true });
    const file = join(folder, `${copy.node}-${basename(copy.path)}`);
    const { node, path, epoch } = copy;
    await link(path, file).then(
      () => this.copies.set(path, { node, path, epoch, file }),
      () => undefined,
    );
  }

  async #probe({ to, epoch }: TransitionRecord): Promise<void> {
    const now = monotonicMs();
    const recent = readWriteLogEnd(this.#stage.ackFile, probedBytes).filter(
      ({ answered }) => answered > now - probedMs,
    );
    const samples = new Set(this.#samples);
    for (const write of recent) if (sampleOf(write) === keyOf(write)) this.#samples.add(keyOf(write));
    const admin = await connectAdmin(this.#stage.address(to), { timeoutMs: 500 });
    try {
      const before = await info(admin, 'replication');
      if (before.role !== 'master') return;
      const missing = new Set<string>();
      const keys = [...new Set([...samples, ...recent.map(keyOf)])];
      for (let at = 0; at < keys.length; at += batchSize) {
        const batch = keys.slice(at, at + batchSize);
        const values = await admin.mget(batch);
        for (const [index, key] of batch.entries()) if ((values[index] ?? null) === null) missing.add(key);
      }
      const after = await info(admin, 'replication');
      if (after.role !== 'master' || after.master_replid !== before.master_replid) return;
      this.probes.push({ epoch, from: now - probedMs, to: now, samples, missing });
    } finally {
      closeAdmin(admin);
    }
  }
}
