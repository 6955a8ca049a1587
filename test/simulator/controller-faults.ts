import type { ControllerSeat } from './controller-seat.ts';
import type { Fault, Sky } from './sky.ts';

export type ControllerFaultKind =
  | 'kill'
  | 'killAtEffect'
  | 'freeze'
  | 'freezeAtSend'
  | 'stepDown'
  | 'storeFull'
  | 'cutStore';

/** Controllers that die or freeze, wherever they are, and a store that does not answer. */
export function controllerFaults(sky: Sky): Readonly<Record<ControllerFaultKind, Fault>> {
  return {
    kill: () => withLeader(sky, (seat) => seat.process.kill()),
    killAtEffect: () => withLeader(sky, (seat) => killAtEffect(sky, seat)),
    freeze: () => withLeader(sky, (seat) => seat.process.freeze(freezeMs(sky))),
    freezeAtSend: () => withLeader(sky, (seat) => freezeAtSend(sky, seat)),
    stepDown: () => withLeader(sky, (seat) => seat.stepDown()),
    storeFull: () => storeFull(sky),
    cutStore: () => cutStore(sky),
  };
}

/** Rather the one that leads; whatever happens to it, it is started again. */
function withLeader(sky: Sky, befall: (seat: ControllerSeat) => void): void {
  const { chance, seats } = sky;
  const seat = seats.find((candidate) => candidate.leads) ?? chance.pick(seats);
  if (seat === undefined || !seat.isUp) return;
  befall(seat);
  sky.mendAfter(chance.scaled(10, 30_000), () => seat.start());
}

const freezeMs = ({ chance }: Sky): number => chance.scaled(200, 60_000);
const ordersAhead = ({ chance }: Sky): number => 1 + chance.below(8);

/** Where it has not died by then, it is let off. */
function killAtEffect(sky: Sky, seat: ControllerSeat): void {
  const { process } = seat;
  process.killAfter = ordersAhead(sky);
  sky.mendAfter(sky.chance.scaled(10_000, 600_000), () => {
    process.killAfter = undefined;
    seat.start();
  });
}

function freezeAtSend(sky: Sky, { process }: ControllerSeat): void {
  process.freezeAtSend = { orders: ordersAhead(sky), forMs: freezeMs(sky) };
}

function storeFull(sky: Sky): void {
  sky.note('the store takes no writes');
  sky.store.isFull = true;
  sky.mendLater(() => {
    sky.note('the store takes writes');
    sky.store.isFull = false;
  });
}

function cutStore(sky: Sky): void {
  const { chance, store, seats } = sky;
  const some = chance.happens(0.5) ? seats : seats.slice(0, 1);
  sky.note(`${some.map(({ name }) => name).join(' ')} cannot reach the store`);
  for (const { name } of some) store.cutOff.add(name);
  reconsider(sky);
  sky.mendLater(() => {
    sky.note('the store can be reached');
    for (const { name } of some) store.cutOff.delete(name);
    store.spread();
    reconsider(sky);
  });
}

/** Who may lead depends on it. */
function reconsider({ seats }: Sky): void {
  for (const seat of seats) seat.reconsider();
}
