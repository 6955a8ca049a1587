import type { Chance } from './chance.ts';
import type { ControllerSeat } from './controller-seat.ts';
import type { Judge } from './judge.ts';
import type { Network } from './network.ts';
import type { SimStore } from './sim-store.ts';
import type { Stage } from './stage.ts';

export interface SkyTerms {
  readonly chance: Chance;
  readonly network: Network;
  readonly store: SimStore;
  readonly judge: Judge;
  readonly seats: readonly ControllerSeat[];
  readonly note: (words: string) => void;
}

/** One kind of fault: befalls the node of that name, or whatever it is about. */
export type Fault = (name: string) => void;

/** What all faults work with, and when each of them is mended. */
export class Sky {
  readonly chance: Chance;
  readonly network: Network;
  readonly store: SimStore;
  readonly judge: Judge;
  readonly seats: readonly ControllerSeat[];
  readonly stage: Stage;
  readonly #note: (words: string) => void;
  /** What is yet to be mended. */
  readonly #repairs = new Set<() => void>();

  constructor(terms: SkyTerms) {
    this.chance = terms.chance;
    this.network = terms.network;
    this.store = terms.store;
    this.judge = terms.judge;
    this.seats = terms.seats;
    this.stage = terms.network.stage;
    this.#note = terms.note;
  }

  note(words: string): void {
    this.#note(`* ${words}`);
  }

  /** Mostly within seconds or minutes; seldom at once, seldom after a long while. */
  mendLater(repair: () => void): void {
    const { chance } = this;
    const lot = chance.unit();
    if (lot < 0.15) this.mendAfter(chance.scaled(1, 1_000), repair);
    else if (lot < 0.55) this.mendAfter(chance.scaled(1_000, 10_000), repair);
    else if (lot < 0.93) this.mendAfter(chance.scaled(10_000, 120_000), repair);
    else this.mendAfter(chance.scaled(120_000, 1_200_000), repair);
  }

  mendAfter(milliseconds: number, repair: () => void): void {
    const once = (): void => {
      if (this.#repairs.delete(once)) repair();
    };
    this.#repairs.add(once);
    this.network.time.after(milliseconds, once);
  }

  mendAll(): void {
    for (const repair of [...this.#repairs]) repair();
  }
}
