import type { Chance } from './chance.ts';
import type { SimTime } from './sim-time.ts';
import type { Stage } from './stage.ts';

export interface NetworkOptions {
  /** The shortest and the longest way (ms). */
  readonly wayMs: readonly [number, number];
  /** How often a message is lost, or comes late; each kind this often. */
  readonly faultRate: number;
}

export type Fate = 'delivered' | 'lost' | 'late';

interface HeldMessage {
  readonly node: string;
  readonly until: number;
  readonly deliver: () => void;
}

/** How long a kernel goes on sending what was not acknowledged (ms). */
const resendMs = 60_000;
const mostHeld = 200;

/** How messages between controllers and nodes fare. */
export class Network {
  readonly time: SimTime;
  readonly stage: Stage;
  readonly #chance: Chance;
  readonly #options: NetworkOptions;
  /** Message faults happen only while this is set. */
  isStormy = true;
  #held: HeldMessage[] = [];

  constructor(time: SimTime, stage: Stage, chance: Chance, options: NetworkOptions) {
    this.time = time;
    this.stage = stage;
    this.#chance = chance;
    this.#options = options;
  }

  wayMs(): number {
    const [low, high] = this.#options.wayMs;
    return this.#chance.between(low, high);
  }

  happens(probability: number): boolean {
    return this.#chance.happens(probability);
  }

  fate(): Fate {
    if (!this.isStormy || !this.#chance.happens(this.#options.faultRate)) return 'delivered';
    return this.#chance.happens(0.5) ? 'lost' : 'late';
  }

  /** How late (ms) a late one is. */
  lateMs(): number {
    const late = this.#chance.scaled(50, 20_000);
    this.time.underWay(late);
    return late;
  }

  reaches(from: string, node: string): boolean {
    return this.stage.machine(node).powered && this.stage.reaches(from, node);
  }

  /** It could not be delivered: the sender's kernel tries again once the way is free, for a while. */
  hold(node: string, deliver: () => void): void {
    if (!this.#chance.happens(0.5) || this.#held.length >= mostHeld) return;
    this.#held.push({ node, until: this.time.now + resendMs, deliver });
  }

  /** Something about the way to a node is well again: what was held back goes out. */
  release(node: string): void {
    const due = this.#held.filter((message) => message.node === node);
    this.#held = this.#held.filter((message) => message.node !== node);
    let at = this.time.now;
    for (const { until, deliver } of due) {
      if (until < this.time.now) continue;
      at += this.wayMs();
      this.time.at(at, deliver);
    }
  }
}
