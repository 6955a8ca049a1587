/**
 * Time that has passed, reckoned too long rather than too short: the monotonic clock stands still while a machine
 * sleeps, and the wall clock can be set back. Whichever says more is believed.
 */
export class Stopwatch {
  readonly #monotonic = performance.now();
  readonly #wall = Date.now();

  get elapsedMs(): number {
    return Math.max(performance.now() - this.#monotonic, Date.now() - this.#wall);
  }
}
