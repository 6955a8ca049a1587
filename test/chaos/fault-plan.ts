import { Chance } from '../simulator/chance.ts';

/** Whom it strikes, as things are when it does. `pick` chooses among several replicas. */
export type Victim =
  | { readonly role: 'primary' }
  | { readonly role: 'replica'; readonly pick: number }
  | { readonly role: 'any'; readonly pick: number };

/** With what a server that was killed comes back. */
export type Comeback = 'all its data' | 'an old snapshot' | 'nothing';

export type Fault =
  | {
      readonly kind: 'redis killed';
      readonly victim: Victim;
      readonly downMs: number;
      readonly with: Comeback;
    }
  | {
      /** Its replicas hear nothing of its last writes, then it is killed. */
      readonly kind: 'primary dies alone';
      readonly aloneMs: number;
      readonly downMs: number;
      readonly with: Comeback;
    }
  | { readonly kind: 'redis stopped'; readonly victim: Victim; readonly downMs: number }
  | { readonly kind: 'redis hangs'; readonly victim: Victim; readonly forMs: number }
  | { readonly kind: 'cut from the controller'; readonly victim: Victim; readonly forMs: number }
  | { readonly kind: 'cut from the other nodes'; readonly victim: Victim; readonly forMs: number }
  | { readonly kind: 'cut from all'; readonly victim: Victim; readonly forMs: number }
  | {
      readonly kind: 'slow network';
      readonly victim: Victim;
      readonly forMs: number;
      readonly delayMs: number;
    }
  | { readonly kind: 'bot killed'; readonly bot: number }
  | { readonly kind: 'bots deaf, then a switchover'; readonly to: number; readonly forMs: number }
  | { readonly kind: 'switchover'; readonly to: number }
  | { readonly kind: 'failback' }
  | { readonly kind: 'paused'; readonly forMs: number }
  | { readonly kind: 'controller killed'; readonly downMs: number }
  | {
      readonly kind: 'controller killed in mid-move';
      readonly to: number;
      readonly afterMs: number;
      readonly downMs: number;
    }
  | { readonly kind: 'controller frozen'; readonly forMs: number }
  | { readonly kind: 'promoted by hand'; readonly pick: number }
  | { readonly kind: 'disk full'; readonly victim: Victim; readonly forMs: number };

export interface PlannedFault {
  /** After the one before. */
  readonly pauseMs: number;
  readonly fault: Fault;
}

type Draw = (chance: Chance) => Fault;

const long = (chance: Chance): number => Math.round(chance.scaled(300, 8_000));
const victim = (chance: Chance): Victim => {
  const pick = chance.below(6);
  return chance.happens(0.65) ? { role: 'primary' } : { role: 'replica', pick };
};

const draws: readonly (readonly [weight: number, draw: Draw])[] = [
  [
    5,
    (chance) => ({
      kind: 'redis killed',
      victim: victim(chance),
      downMs: Math.round(chance.scaled(20, 6_000)),
      with: 'all its data',
    }),
  ],
  [
    2,
    (chance) => ({
      kind: 'redis killed',
      victim: victim(chance),
      downMs: Math.round(chance.scaled(20, 3_000)),
      with: chance.happens(0.5) ? 'an old snapshot' : 'nothing',
    }),
  ],
  [
    4,
    (chance) => ({
      kind: 'primary dies alone',
      aloneMs: Math.round(chance.scaled(20, 2_500)),
      downMs: Math.round(chance.scaled(20, 5_000)),
      with: chance.happens(0.8) ? 'all its data' : 'nothing',
    }),
  ],
  [2, (chance) => ({ kind: 'redis stopped', victim: victim(chance), downMs: long(chance) })],
  [3, (chance) => ({ kind: 'redis hangs', victim: victim(chance), forMs: long(chance) })],
  [2, (chance) => ({ kind: 'cut from the controller', victim: victim(chance), forMs: long(chance) })],
  [2, (chance) => ({ kind: 'cut from the other nodes', victim: victim(chance), forMs: long(chance) })],
  [3, (chance) => ({ kind: 'cut from all', victim: victim(chance), forMs: long(chance) })],
  [
    1,
    (chance) => ({
      kind: 'slow network',
      victim: victim(chance),
      forMs: long(chance),
      delayMs: Math.round(chance.scaled(5, 400)),
    }),
  ],
  [2, (chance) => ({ kind: 'bot killed', bot: chance.below(2) })],
  [
    2,
    (chance) => ({
      kind: 'bots deaf, then a switchover',
      to: chance.below(6),
      forMs: 3_000 + chance.below(2_000),
    }),
  ],
  [10, (chance) => ({ kind: 'switchover', to: chance.below(6) })],
  [3, () => ({ kind: 'failback' })],
  [1, (chance) => ({ kind: 'paused', forMs: long(chance) })],
  [2, (chance) => ({ kind: 'controller killed', downMs: Math.round(chance.scaled(20, 4_000)) })],
  [
    4,
    (chance) => ({
      kind: 'controller killed in mid-move',
      to: chance.below(6),
      afterMs: Math.round(chance.scaled(1, 150)),
      downMs: Math.round(chance.scaled(20, 2_000)),
    }),
  ],
  [3, (chance) => ({ kind: 'controller frozen', forMs: long(chance) })],
  [1, (chance) => ({ kind: 'promoted by hand', pick: chance.below(6) })],
  [1, (chance) => ({ kind: 'disk full', victim: victim(chance), forMs: long(chance) })],
];

const weights = draws.reduce((sum, [weight]) => sum + weight, 0);

function drawFault(chance: Chance): Fault {
  let left = chance.below(weights);
  for (const [weight, draw] of draws) {
    if (left < weight) return draw(chance);
    left -= weight;
  }
  throw new Error('unreachable');
}

/** Faults without end, the same for the same seed: bursts, in which one comes on top of the other, and calm times. */
export function* plannedFaults(seed: number): Generator<PlannedFault, never> {
  const chance = new Chance(seed, 'faults');
  let burst = 0;
  for (;;) {
    if (burst === 0) burst = chance.happens(0.4) ? 2 + chance.below(4) : 1;
    burst -= 1;
    const pauseMs = Math.round(burst > 0 ? chance.scaled(20, 1_500) : chance.between(3_000, 8_000));
    yield { pauseMs, fault: drawFault(chance) };
  }
}

/** Three nodes or two. */
export const groupSize = (seed: number): 2 | 3 => (new Chance(seed, 'size').happens(0.5) ? 2 : 3);
