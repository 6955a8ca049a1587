import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

/** A profile of this very process, between two messages (V8's .cpuprofile). */
export class OwnProfile {
  readonly #session = new Session();
  /** One step after the other. */
  #turn: Promise<void> = Promise.resolve();

  start(): void {
    this.#next(async () => {
      this.#session.connect();
      await this.#session.post('Profiler.enable');
      await this.#session.post('Profiler.start');
    });
  }

  stop(file: string): void {
    this.#next(async () => {
      const { profile } = await this.#session.post('Profiler.stop');
      this.#session.disconnect();
      writeFileSync(file, JSON.stringify(profile));
    });
  }

  #next(step: () => Promise<void>): void {
    this.#turn = this.#turn.then(step);
  }
}
