import { EventEmitter, once } from 'node:events';

/** Collects what a store tells, and waits for it: an event, never a sleep. */
export class Changes {
  readonly keys: string[] = [];
  readonly #emitter = new EventEmitter();

  readonly tell = (key: string): void => {
    this.keys.push(key);
    this.#emitter.emit('change');
  };

  /** Resolves when `holds`, looked at now and after every change; rejects after 10 s. */
  async until(holds: () => boolean): Promise<void> {
    const signal = AbortSignal.timeout(10_000);
    while (!holds()) await once(this.#emitter, 'change', { signal });
  }
}
