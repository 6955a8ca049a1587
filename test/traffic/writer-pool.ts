import { longestGap, type Window } from './gap.ts';
import { monotonicMs } from './monotonic.ts';
import type { TrafficReport, TrafficSettings } from './traffic-protocol.ts';
import { Writer } from './writer.ts';

/** The concurrent writers of one process. */
export class WriterPool {
  readonly #writers: Writer[];
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;
  readonly #waits: { total: number; reached: () => void }[] = [];
  #total = 0;
  #stoppedAt: number | undefined;

  /** Starts writing at once. */
  constructor(settings: TrafficSettings) {
    this.#writers = Array.from({ length: settings.writers }, (_, index) => new Writer(index, settings));
    this.#running = Promise.all(
      this.#writers.map((writer) => writer.run(this.#stop.signal, () => this.#acked())),
    );
  }

  /** Calls back when so many writes in all have been acknowledged. */
  whenAcked(total: number, reached: () => void): void {
    this.#waits.push({ total, reached });
    this.#notify();
  }

  /** Without `from`: since the first acknowledgement. Without `to`: until now, or the stop. */
  report(asked: Partial<Window>): TrafficReport {
    const times = this.#ackTimes();
    const now = monotonicMs();
    const window: Window = { from: times[0] ?? now, to: this.#stoppedAt ?? now, ...asked };
    const errors: Record<string, number> = {};
    for (const writer of this.#writers) {
      for (const [kind, count] of writer.errors) errors[kind] = (errors[kind] ?? 0) + count;
    }
    return {
      window,
      ackedWrites: times.filter((time) => time >= window.from && time <= window.to).length,
      unknownWrites: this.#writers.reduce((sum, writer) => sum + writer.unknownWrites, 0),
      gap: longestGap(times, window),
      slowestWriterGapMs: Math.max(...this.#writers.map((writer) => writer.gap(window).gapMs)),
      errors,
      acked: this.#writers.map((writer) => writer.acked(window)),
    };
  }

  /** Lets the writes in flight end, then no more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#stoppedAt ??= monotonicMs();
  }

  /** Of all writers together, ascending. */
  #ackTimes(): Float64Array {
    const each = this.#writers.map((writer) => writer.ackTimes);
    const all = new Float64Array(each.reduce((sum, times) => sum + times.length, 0));
    let at = 0;
    for (const times of each) {
      all.set(times, at);
      at += times.length;
    }
    return all.sort();
  }

  #acked(): void {
    this.#total += 1;
    if (this.#waits.length > 0) this.#notify();
  }

  #notify(): void {
    for (let index = this.#waits.length - 1; index >= 0; index -= 1) {
      const wait = this.#waits[index];
      if (wait === undefined || wait.total > this.#total) continue;
      this.#waits.splice(index, 1);
      wait.reached();
    }
  }
}
