import type { Fault, Sky } from './sky.ts';

export type WireFaultKind =
  | 'cutRedis'
  | 'cutHost'
  | 'cutPeers'
  | 'unplug'
  | 'cutFence'
  | 'unitCrash'
  | 'stubborn'
  | 'refuseStarts';

/** Wires that are cut, and units that do not do as they are told. */
export function wireFaults(sky: Sky): Readonly<Record<WireFaultKind, Fault>> {
  const peers: Ends = (name) => sky.stage.options.names.filter((other) => other !== name);
  const controllers =
    (suffix: string): Ends =>
    (_name, seats) =>
      seats.map((seat) => `${seat}${suffix}`);
  return {
    cutRedis: (name) => cut(sky, name, [controllers('')]),
    cutHost: (name) => cut(sky, name, [controllers('/host')]),
    cutPeers: (name) => cut(sky, name, [peers]),
    unplug: (name) => cut(sky, name, [controllers(''), controllers('/host'), peers]),
    cutFence: (name) => cut(sky, name, [controllers('/fence')]),
    unitCrash: (name) => unitCrash(sky, name),
    stubborn: (name) => stubborn(sky, name),
    refuseStarts: (name) => refuseStarts(sky, name),
  };
}

/** The other ends of a node's wires. */
type Ends = (name: string, seats: readonly string[]) => readonly string[];

function cut(sky: Sky, name: string, ends: readonly Ends[]): void {
  const { chance, seats, stage } = sky;
  const all = seats.map((seat) => seat.name);
  // Mostly all controllers are cut off alike; sometimes only one is.
  const one = chance.pick(all);
  const concerned = one === undefined || chance.happens(0.6) ? all : [one];
  const others = ends.flatMap((end) => end(name, concerned));
  const words = others.map((other) => `${other}–${name}`).join(' ');
  sky.note(`cut: ${words}`);
  for (const other of others) stage.cut(other, name, true);
  sky.mendLater(() => {
    sky.note(`whole: ${words}`);
    for (const other of others) stage.cut(other, name, false);
    sky.network.release(name);
  });
}

function unitCrash(sky: Sky, name: string): void {
  const unit = anyUnit(sky, name);
  sky.note(`a unit crashes on ${name}`);
  if (unit?.state === 'running') unit.state = 'failed';
}

function stubborn(sky: Sky, name: string): void {
  const unit = anyUnit(sky, name);
  if (unit === undefined) return;
  sky.note(`a unit of ${name} will not stop`);
  unit.stubborn = true;
  sky.mendLater(() => {
    sky.note(`the unit of ${name} obeys`);
    unit.stubborn = false;
  });
}

function refuseStarts(sky: Sky, name: string): void {
  const machine = sky.stage.machine(name);
  sky.note(`no unit starts on ${name}`);
  machine.refusesStarts = true;
  sky.mendLater(() => {
    sky.note(`units start on ${name}`);
    machine.refusesStarts = false;
  });
}

function anyUnit({ chance, stage }: Sky, name: string) {
  return stage.machine(name).units.get(chance.pick(stage.options.units) ?? '');
}
