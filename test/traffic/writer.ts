import { setTimeout as delay } from 'node:timers/promises';
import { AckLog } from './ack-log.ts';
import { type AckedKeys, keyOf, toRanges } from './acked-keys.ts';
import { EndpointClient } from './endpoint-client.ts';
import { type Gap, longestGap, type Window } from './gap.ts';
import { monotonicMs } from './monotonic.ts';
import type { TrafficSettings } from './traffic-protocol.ts';

/** After a write of unknown fate: write the same key again, or leave it and go on with the next number. */
export type OnUnknown = 'retry' | 'skip';

/** Writes one key after the other, each once acknowledged, and remembers when. */
export class Writer {
  readonly #writer: number;
  readonly #client: EndpointClient;
  readonly #onUnknown: OnUnknown;
  readonly #restMs: number;
  readonly #log = new AckLog();
  readonly errors = new Map<string, number>();
  unknownWrites = 0;

  constructor(writer: number, settings: TrafficSettings) {
    this.#writer = writer;
    this.#client = new EndpointClient(settings.client);
    this.#onUnknown = settings.onUnknown;
    this.#restMs = settings.restMs;
  }

  /** Monotonic times of the acknowledgements, ascending. */
  get ackTimes(): Float64Array {
    return this.#log.times;
  }

  /** Writes until the signal is aborted; `onAck` is called after each acknowledgement. */
  async run(signal: AbortSignal, onAck: () => void): Promise<void> {
    let seq = 0;
    await this.#client.warmUp();
    while (!signal.aborted) {
      const outcome = await this.#client.set(keyOf(this.#writer, seq), String(seq));
      if (outcome.kind === 'acked') {
        this.#log.add(seq, monotonicMs());
        seq += 1;
        onAck();
        if (this.#restMs > 0) await delay(this.#restMs);
      } else {
        this.errors.set(outcome.error, (this.errors.get(outcome.error) ?? 0) + 1);
        if (outcome.kind === 'unknown') {
          this.unknownWrites += 1;
          if (this.#onUnknown === 'skip') seq += 1;
        }
      }
    }
    this.#client.close();
  }

  /** The keys acknowledged inside the window. */
  acked(window: Window): AckedKeys {
    const inside = this.#log.seqsBetween(window.from, window.to);
    return { writer: this.#writer, ranges: toRanges(inside) };
  }

  gap(window: Window): Gap {
    return longestGap(this.#log.times, window);
  }
}
