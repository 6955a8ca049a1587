import type { Chance } from './chance.ts';
import type { ControllerSeat } from './controller-seat.ts';
import { emptyData } from './history.ts';
import type { Judge } from './judge.ts';
import type { Network } from './network.ts';
import type { Server } from './server.ts';
import { demote, endProcess, startProcess } from './server.ts';
import type { SimStore } from './sim-store.ts';
import type { Stage } from './stage.ts';

export interface WeatherTerms {
  readonly chance: Chance;
  readonly network: Network;
  readonly store: SimStore;
  readonly judge: Judge;
  readonly seats: readonly ControllerSeat[];
  readonly fencedNodes: ReadonlySet<string>;
  readonly note: (words: string) => void;
}

const kinds = [
  'crash',
  'stop',
  'restart',
  'hang',
  'power',
  'cutRedis',
  'cutHost',
  'cutPeers',
  'unplug',
  'lag',
  'unitCrash',
  'stubborn',
  'refuseStarts',
  'request',
  'pause',
  'mode',
  'fencing',
  'failback',
  'promoteByHand',
  'swapByHand',
  'kill',
  'killAtEffect',
  'freeze',
  'freezeAtSend',
  'stepDown',
  'storeFull',
  'cutStore',
  'cutFence',
] as const;

type FaultKind = (typeof kinds)[number];

/** What befalls the stage, its controllers and its store, by chance; every fault is mended after a while. */
export class Weather {
  readonly #terms: WeatherTerms;
  readonly #stage: Stage;
  /** Some faults never happen in a seed, others often: a mix of everything would look the same in all of them. */
  readonly #likely: readonly FaultKind[];
  /** What is yet to be mended. */
  readonly #repairs = new Set<() => void>();
  faults = 0;
  #isOver = false;

  constructor(terms: WeatherTerms) {
    this.#terms = terms;
    this.#stage = terms.network.stage;
    const { chance } = terms;
    const chosen = kinds.flatMap((kind) =>
      chance.happens(0.35) ? [] : Array<FaultKind>(1 + chance.below(4)).fill(kind),
    );
    this.#likely = chosen.length === 0 ? ['crash'] : chosen;
  }

  begin(): void {
    this.#later();
  }

  /** All faults stop: what was cut is whole, what was down is up, what hung goes on. */
  end(): void {
    this.#isOver = true;
    for (const repair of [...this.#repairs]) repair();
    const { network, store, seats } = this.#terms;
    network.isStormy = false;
    for (const machine of this.#stage.machines.values()) {
      this.#stage.power(machine.name, true);
      this.#start(this.#stage.server(machine.name));
    }
    for (const seat of seats) {
      seat.process.freezeAtSend = undefined;
      seat.process.killAfter = undefined;
      seat.start();
    }
    if (store.spec.paused || store.spec.failover.mode === 'Manual')
      store.edit({ paused: false, failover: { ...store.spec.failover, mode: 'Automatic' } });
  }

  #later(): void {
    const { chance, network } = this.#terms;
    const pace = chance.unit();
    const gap =
      pace < 0.4
        ? chance.scaled(1, 5_000)
        : pace < 0.65
          ? chance.scaled(5_000, 60_000)
          : chance.scaled(60_000, 5_400_000);
    network.time.after(gap, () => {
      if (this.#isOver) return;
      this.#befall(chance.pick(this.#likely) ?? 'crash');
      this.#later();
    });
  }

  #mendLater(repair: () => void): void {
    const { chance } = this.#terms;
    const lot = chance.unit();
    const after =
      lot < 0.15
        ? chance.scaled(1, 1_000)
        : lot < 0.55
          ? chance.scaled(1_000, 10_000)
          : lot < 0.93
            ? chance.scaled(10_000, 120_000)
            : chance.scaled(120_000, 1_200_000);
    this.#mendAfter(after, repair);
  }

  #mendAfter(milliseconds: number, repair: () => void): void {
    const once = (): void => {
      if (!this.#repairs.delete(once)) return;
      repair();
    };
    this.#repairs.add(once);
    this.#terms.network.time.after(milliseconds, once);
  }

  #note(words: string): void {
    this.#terms.note(`* ${words}`);
  }

  #befall(kind: FaultKind): void {
    this.faults += 1;
    const { chance } = this.#terms;
    const name = chance.pick(this.#stage.options.names) ?? '';
    const server = this.#stage.server(name);
    for (const each of this.#stage.servers.values())
      if (each.process === 'running' && each.link !== 'syncing' && chance.happens(0.3)) each.snapshot = each.data;
    switch (kind) {
      case 'crash':
      case 'stop':
      case 'restart':
      case 'hang':
        return this.#processFault(kind, server);
      case 'power':
        this.#note(`${name} loses power`);
        this.#stage.power(name, false);
        return this.#mendLater(() => this.#powerOn(name));
      case 'cutRedis':
      case 'cutHost':
      case 'cutPeers':
      case 'unplug':
      case 'cutFence':
        return this.#cut(kind, name);
      case 'lag':
        this.#note(`${name} takes nothing from its primary`);
        server.lagging = true;
        return this.#mendLater(() => {
          this.#note(`${name} takes what its primary sends`);
          server.lagging = false;
        });
      case 'unitCrash':
      case 'stubborn':
      case 'refuseStarts':
        return this.#unitFault(kind, name);
      case 'promoteByHand':
      case 'swapByHand':
        return this.#byHand(kind, server);
      case 'storeFull':
      case 'cutStore':
        return this.#storeFault(kind);
      case 'kill':
      case 'killAtEffect':
      case 'freeze':
      case 'freezeAtSend':
      case 'stepDown':
        return this.#controllerFault(kind);
      default:
        this.#edit(kind, name);
    }
  }

  /** With what it comes back: all that it had, an older state, or nothing. */
  #processFault(kind: 'crash' | 'stop' | 'restart' | 'hang', server: Server): void {
    const { chance, network } = this.#terms;
    if (server.process !== 'running') return;
    if (kind === 'hang') {
      this.#note(`${server.name}'s Redis hangs`);
      server.process = 'hung';
      return this.#mendLater(() => {
        if (server.process === 'hung') this.#note(`${server.name}'s Redis goes on`);
        if (server.process === 'hung') server.process = 'running';
        server.runsSince = this.#stage.now;
        network.release(server.name);
      });
    }
    const lot = chance.unit();
    const keeps = lot < 0.4 ? 'all' : lot < 0.85 ? 'what it saved last' : 'nothing';
    if (keeps === 'all') server.snapshot = server.data;
    if (keeps === 'nothing' && kind !== 'stop')
      server.snapshot = emptyData(`${server.name}-new${this.faults}`);
    this.#note(`${server.name}'s Redis ${kind === 'stop' ? 'is stopped' : `dies, ${keeps} is on its disk`}`);
    if (kind === 'stop') this.#drain(server);
    endProcess(server, kind === 'stop' ? 'stopped' : 'crashed', this.#stage.now);
    if (kind === 'restart') this.#mendAfter(chance.scaled(1, 500), () => this.#start(server));
    else this.#mendLater(() => this.#start(server));
  }

  /** A clean stop waits for the replicas (redis.conf: shutdown-timeout). */
  #drain(server: Server): void {
    for (const other of this.#stage.servers.values()) {
      const hears = other.of === server.name && other.link === 'up' && other.process === 'running';
      if (hears && !other.lagging && this.#stage.reaches(other.name, server.name)) other.data = server.data;
    }
  }

  #start(server: Server): void {
    if (!this.#stage.machine(server.name).powered || server.process === 'running') return;
    if (server.process === 'hung') return;
    this.#note(`${server.name}'s Redis starts`);
    startProcess(server, this.#stage.now);
    this.#terms.network.release(server.name);
  }

  #powerOn(name: string): void {
    this.#note(`${name} has power`);
    this.#stage.power(name, true);
    this.#terms.network.release(name);
  }

  #cut(kind: 'cutRedis' | 'cutHost' | 'cutPeers' | 'unplug' | 'cutFence', name: string): void {
    const { chance, seats } = this.#terms;
    const controllers = chance.happens(0.6) ? seats : [chance.pick(seats) ?? seats[0]];
    const ends = controllers.map((seat) => seat?.name ?? '');
    const others = this.#stage.options.names.filter((other) => other !== name);
    const wires: (readonly [string, string])[] = [];
    if (kind === 'cutRedis' || kind === 'unplug') wires.push(...ends.map((end) => [end, name] as const));
    if (kind === 'cutHost' || kind === 'unplug')
      wires.push(...ends.map((end) => [`${end}/host`, name] as const));
    if (kind === 'cutPeers' || kind === 'unplug')
      wires.push(...others.map((other) => [other, name] as const));
    if (kind === 'cutFence') wires.push(...ends.map((end) => [`${end}/fence`, name] as const));
    this.#note(`cut: ${wires.map(([a, b]) => `${a}–${b}`).join(' ')}`);
    for (const [a, b] of wires) this.#stage.cut(a, b, true);
    this.#mendLater(() => {
      this.#note(`whole: ${wires.map(([a, b]) => `${a}–${b}`).join(' ')}`);
      for (const [a, b] of wires) this.#stage.cut(a, b, false);
      this.#terms.network.release(name);
    });
  }

  #unitFault(kind: 'unitCrash' | 'stubborn' | 'refuseStarts', name: string): void {
    const { chance } = this.#terms;
    const machine = this.#stage.machine(name);
    const unit = machine.units.get(chance.pick(this.#stage.options.units) ?? '');
    if (unit === undefined) return;
    if (kind === 'unitCrash') {
      this.#note(`a unit crashes on ${name}`);
      if (unit.state === 'running') unit.state = 'failed';
      return;
    }
    this.#note(kind === 'stubborn' ? `a unit of ${name} will not stop` : `no unit starts on ${name}`);
    if (kind === 'stubborn') unit.stubborn = true;
    else machine.refusesStarts = true;
    this.#mendLater(() => {
      this.#note(`units of ${name} obey`);
      unit.stubborn = false;
      machine.refusesStarts = false;
    });
  }

  #byHand(kind: 'promoteByHand' | 'swapByHand', server: Server): void {
    if (server.process !== 'running') return;
    this.#note(
      `an operator ${kind === 'swapByHand' ? 'swaps the roles in favour of' : 'promotes'} ${server.name}`,
    );
    // Whatever is lost by that is the operator's doing.
    this.#terms.judge.excuse(60_000);
    this.#stage.raise(server, 'somebodyElse');
    if (kind === 'promoteByHand') return;
    for (const other of this.#stage.servers.values())
      if (other !== server && other.process === 'running') demote(other, server.name);
  }

  #storeFault(kind: 'storeFull' | 'cutStore'): void {
    const { chance, store, seats } = this.#terms;
    if (kind === 'storeFull') {
      this.#note('the store takes no writes');
      store.isFull = true;
      return this.#mendLater(() => {
        this.#note('the store takes writes');
        store.isFull = false;
      });
    }
    const some = chance.happens(0.5) ? seats : seats.slice(0, 1);
    this.#note(`${some.map(({ name }) => name).join(' ')} cannot reach the store`);
    for (const { name } of some) store.cutOff.add(name);
    this.#changedSeats();
    this.#mendLater(() => {
      this.#note('the store can be reached');
      for (const { name } of some) store.cutOff.delete(name);
      store.spread();
      this.#changedSeats();
    });
  }

  #changedSeats(): void {
    for (const seat of this.#terms.seats) seat.reconsider();
  }

  #controllerFault(kind: 'kill' | 'killAtEffect' | 'freeze' | 'freezeAtSend' | 'stepDown'): void {
    const { chance, seats } = this.#terms;
    const seat = seats.find((candidate) => candidate.leads) ?? chance.pick(seats);
    if (seat === undefined || !seat.isUp) return;
    const { process } = seat;
    const restart = (): void => this.#mendAfter(chance.scaled(10, 30_000), () => seat.start());
    const orders = 1 + chance.below(8);
    const forMs = chance.scaled(200, 60_000);
    switch (kind) {
      case 'kill':
        process.kill();
        return restart();
      case 'killAtEffect':
        process.killAfter = orders;
        return this.#mendAfter(chance.scaled(10_000, 600_000), () => {
          process.killAfter = undefined;
          seat.start();
        });
      case 'freeze':
        return process.freeze(forMs);
      case 'freezeAtSend':
        process.freezeAtSend = { orders, forMs };
        return;
      case 'stepDown':
        seat.stepDown();
        return restart();
    }
  }

  #edit(kind: FaultKind, name: string): void {
    const { chance, store } = this.#terms;
    const { failover, failback } = store.spec;
    switch (kind) {
      case 'request':
        this.#note(`asked for: ${name}`);
        if (chance.happens(0.8)) return store.edit({ primary: name });
        return store.annotate({ 'understudy.dev/failback': String(store.status.epoch ?? 0) });
      case 'pause':
        this.#note('paused');
        store.edit({ paused: true });
        return this.#mendLater(() => {
          this.#note('not paused');
          store.edit({ paused: false });
        });
      case 'mode':
        this.#note('mode Manual');
        store.edit({ failover: { ...failover, mode: 'Manual' } });
        return this.#mendLater(() => {
          this.#note('mode Automatic');
          store.edit({ failover: { ...store.spec.failover, mode: 'Automatic' } });
        });
      case 'fencing':
        this.#note('fencing BestEffort');
        store.edit({ failover: { ...failover, fencing: 'BestEffort' } });
        return this.#mendLater(() => {
          this.#note('fencing Required');
          this.#terms.judge.excuse(30_000);
          store.edit({ failover: { ...store.spec.failover, fencing: 'Required' } });
        });
      case 'failback': {
        const policy = failback.policy === 'Manual' ? 'Automatic' : 'Manual';
        this.#note(`failback ${policy}`);
        return store.edit({ failback: { ...failback, policy } });
      }
      default:
        return;
    }
  }
}
