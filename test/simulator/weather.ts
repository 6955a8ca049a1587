import type { ControllerFaultKind } from './controller-faults.ts';
import { controllerFaults } from './controller-faults.ts';
import type { EditKind } from './edits.ts';
import { edits } from './edits.ts';
import type { NodeFaultKind } from './node-faults.ts';
import { nodeFaults, start } from './node-faults.ts';
import type { Fault, SkyTerms } from './sky.ts';
import { Sky } from './sky.ts';
import type { WireFaultKind } from './wire-faults.ts';
import { wireFaults } from './wire-faults.ts';

type FaultKind = NodeFaultKind | WireFaultKind | ControllerFaultKind | EditKind;

/** What befalls the stage, its controllers and its store, by chance; every fault is mended after a while. */
export class Weather {
  readonly #sky: Sky;
  readonly #faults: Readonly<Record<FaultKind, Fault>>;
  /** Some kinds never happen in a seed, others often: a mix of everything would look the same in all of them. */
  readonly #likely: readonly Fault[];
  faults = 0;
  #isOver = false;

  constructor(terms: SkyTerms) {
    const sky = new Sky(terms);
    this.#sky = sky;
    this.#faults = { ...nodeFaults(sky), ...wireFaults(sky), ...controllerFaults(sky), ...edits(sky) };
    const { chance } = terms;
    const chosen = Object.values(this.#faults).flatMap((fault) =>
      chance.happens(0.35) ? [] : Array<Fault>(1 + chance.below(4)).fill(fault),
    );
    this.#likely = chosen.length === 0 ? [this.#faults.crash] : chosen;
  }

  begin(): void {
    this.#later();
  }

  /** All faults stop: what was cut is whole, what was down is up, what hung goes on. */
  end(): void {
    const { network, stage, store, seats } = this.#sky;
    this.#isOver = true;
    this.#sky.mendAll();
    network.isStormy = false;
    for (const machine of stage.machines.values()) {
      stage.power(machine.name, true);
      start(this.#sky, stage.server(machine.name));
    }
    for (const seat of seats) {
      seat.process.freezeAtSend = undefined;
      seat.process.killAfter = undefined;
      seat.process.thaw();
      seat.start();
    }
    if (store.spec.paused || store.spec.failover.mode === 'Manual')
      store.edit({ paused: false, failover: { ...store.spec.failover, mode: 'Automatic' } });
  }

  /** In bursts, so that they meet each other and the work that they cause; with quiet times in between. */
  #gapMs(): number {
    const { chance } = this.#sky;
    const pace = chance.unit();
    if (pace < 0.4) return chance.scaled(1, 5_000);
    if (pace < 0.65) return chance.scaled(5_000, 60_000);
    return chance.scaled(60_000, 5_400_000);
  }

  #later(): void {
    this.#sky.network.time.after(this.#gapMs(), () => {
      if (this.#isOver) return;
      this.#befall();
      this.#later();
    });
  }

  #befall(): void {
    const { chance, stage } = this.#sky;
    this.faults += 1;
    // Every now and then a server saves what it has.
    for (const server of stage.servers.values())
      if (server.process === 'running' && server.link !== 'syncing' && chance.happens(0.3))
        server.snapshot = server.data;
    const name = chance.pick(stage.options.names) ?? '';
    (chance.pick(this.#likely) ?? this.#faults.crash)(name);
  }
}
