import type { Clock } from '../../controller/ports/clock.ts';
import type { Timers } from '../../controller/ports/timers.ts';
import type { SimTime } from './sim-time.ts';

/**
 * A controller's process. What it waits for reaches it only while it runs: frozen, all of it waits; dead, it
 * never comes.
 */
export class SimProcess {
  readonly name: string;
  readonly time: SimTime;
  #alive = true;
  #frozen = false;
  readonly #waiting: (() => void)[] = [];
  /** Freezes the process for so long (ms) just before its next order leaves it. */
  freezeAtSend: { orders: number; readonly forMs: number } | undefined;
  /** Kills the process when this many more of its orders have been carried out. */
  killAfter: number | undefined;
  onKilled: () => void = () => undefined;
  onFrozen: (thawsAt: number) => void = () => undefined;

  constructor(name: string, time: SimTime) {
    this.name = name;
    this.time = time;
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  get isFrozen(): boolean {
    return this.#frozen;
  }

  readonly clock: Clock = {
    now: () => this.time.now,
    sleep: (milliseconds) =>
      new Promise((resolve) => {
        this.time.after(milliseconds, () => this.run(resolve));
      }),
  };

  readonly timers: Timers = {
    now: () => this.time.now,
    after: (milliseconds, call) => {
      let calledOff = false;
      const cancel = this.time.after(
        milliseconds,
        () =>
          this.run(() => {
            if (!calledOff) call();
          }),
        true,
      );
      return () => {
        calledOff = true;
        cancel();
      };
    },
  };

  /** Runs it in this process: now, after the thaw, or never. */
  run(call: () => void): void {
    if (!this.#alive) return;
    if (this.#frozen) this.#waiting.push(call);
    else call();
  }

  freeze(forMs: number): void {
    if (!this.#alive || this.#frozen) return;
    this.#frozen = true;
    const thawsAt = this.time.now + forMs;
    this.onFrozen(thawsAt);
    this.time.at(thawsAt, () => this.thaw());
  }

  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    // One after the other, each with what follows from it, as an event loop would.
    for (const call of this.#waiting.splice(0)) this.time.after(0, () => this.run(call));
  }

  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.onKilled();
  }

  /** An order is about to leave: when (ms from now) it really does. */
  leaving(): number {
    const trap = this.freezeAtSend;
    if (trap === undefined) return 0;
    trap.orders -= 1;
    if (trap.orders > 0) return 0;
    this.freezeAtSend = undefined;
    this.freeze(trap.forMs);
    this.time.underWay(trap.forMs);
    return trap.forMs;
  }

  /** One of its orders has been carried out. */
  carriedOut(): void {
    if (this.killAfter === undefined) return;
    this.killAfter -= 1;
    if (this.killAfter > 0) return;
    this.killAfter = undefined;
    this.kill();
  }
}
