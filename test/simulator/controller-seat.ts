import type { ControllerEvent } from '../../controller/controller.ts';
import { Controller } from '../../controller/controller.ts';
import type { GroupNode } from '../../controller/group-nodes.ts';
import { guarded } from '../../controller/guarded-nodes.ts';
import type { Leadership } from '../../controller/leadership.ts';
import type { Election, Term } from './election.ts';
import type { Network } from './network.ts';
import type { RedisCommands } from './redis-commands.ts';
import { redisPort } from './redis-commands.ts';
import type { MachineWatcher } from './sim-host-port.ts';
import { SimFencePort, SimHostPort } from './sim-host-port.ts';
import { SimProcess } from './sim-process.ts';
import { SimRedisPort } from './sim-redis-port.ts';
import type { SimStore } from './sim-store.ts';

/** What a seat needs of the simulation around it. */
export interface SeatTerms {
  readonly network: Network;
  readonly store: SimStore;
  readonly commands: RedisCommands;
  readonly watcher: MachineWatcher;
  /** Ids that no two connections or copies share. */
  readonly nextId: () => number;
  readonly fencedNodes: ReadonlySet<string>;
  /** Absent: it is the only controller and needs no lease. */
  readonly election?: Election;
  readonly tell: (seat: string, event: ControllerEvent) => void;
  readonly note: (words: string) => void;
}

const probeMs = 1_000;

/** A place where a controller's process runs, dies, freezes and is started again. */
export class ControllerSeat {
  readonly name: string;
  readonly #terms: SeatTerms;
  process: SimProcess;
  #controller: Controller | undefined;
  #term: Term | undefined;
  #ports: SimRedisPort[] = [];
  /** Its process is up; it may be a standby. */
  isUp = false;

  constructor(name: string, terms: SeatTerms) {
    this.name = name;
    this.#terms = terms;
    this.process = new SimProcess(name, terms.network.time);
  }

  get leads(): boolean {
    return this.#controller !== undefined && this.isUp;
  }

  canRenew(): boolean {
    return this.isUp && !this.process.isFrozen && !this.#terms.store.cutOff.has(this.name);
  }

  start(): void {
    const { network, election, note } = this.#terms;
    if (this.isUp) return;
    note(`${this.name}: started`);
    const process = new SimProcess(this.name, network.time);
    process.onKilled = () => this.#killed();
    process.onFrozen = (thawsAt) => this.#frozen(process, thawsAt);
    this.process = process;
    this.isUp = true;
    if (election === undefined) this.#begin(undefined);
    else election.look();
  }

  /** What is around it has changed. */
  reconsider(): void {
    this.#terms.election?.look();
  }

  lead(term: Term): void {
    this.#terms.note(`${this.name}: leads`);
    this.#term = term;
    this.#begin(term);
  }

  lose(): void {
    if (this.#term === undefined) return;
    this.#terms.note(`${this.name}: leads no longer`);
    this.#term.isOver = true;
    this.#term = undefined;
    void this.#end();
  }

  /** Ends by itself, as on SIGTERM, and gives the lease back. */
  stepDown(): void {
    const controller = this.#controller;
    if (controller === undefined || this.process.isFrozen) return;
    this.#terms.note(`${this.name}: told to end`);
    const term = this.#term;
    void this.#end().then(() => {
      if (term !== undefined) {
        term.isOver = true;
        this.#term = undefined;
        this.#terms.election?.release(this);
      } else this.process.kill();
    });
  }

  async #end(): Promise<void> {
    const controller = this.#controller;
    this.#controller = undefined;
    await controller?.stop();
  }

  #begin(leadership: Leadership | undefined): void {
    const { network, store, tell } = this.#terms;
    const { process } = this;
    this.#terms.watcher.began(this.name);
    const connect = async (): Promise<GroupNode[]> => this.#connect(process);
    const controller = new Controller({
      store: store.mirror(process),
      connect: leadership === undefined ? connect : guarded(connect, leadership),
      clock: process.clock,
      timers: process.timers,
      commandTimeoutMs: 500,
      probeMs,
      tell: (event) => tell(this.name, event),
    });
    this.#controller = controller;
    network.time.after(network.wayMs(), () => process.run(() => void controller.start()));
  }

  #connect(process: SimProcess): GroupNode[] {
    const { network, commands, watcher, nextId, fencedNodes } = this.#terms;
    return network.stage.options.names.map((name) => {
      const redis = new SimRedisPort(
        {
          process,
          network,
          node: name,
          execute: (server, command, from) => commands.execute(server, command, { from, by: process.name }),
        },
        nextId,
      );
      this.#ports.push(redis);
      const terms = { process, network, node: name, watcher, nextCopy: nextId };
      return {
        name,
        endpoint: { host: name, port: redisPort },
        redis,
        host: new SimHostPort(terms),
        ...(fencedNodes.has(name) ? { fence: new SimFencePort(terms) } : {}),
      };
    });
  }

  #killed(): void {
    this.#terms.note(`${this.name}: killed`);
    this.isUp = false;
    this.#controller = undefined;
    this.#term = undefined;
    for (const port of this.#ports.splice(0)) port.abandon();
    this.#terms.election?.died(this);
  }

  #frozen(process: SimProcess, thawsAt: number): void {
    const { network, election, note } = this.#terms;
    note(`${this.name}: frozen for ${Math.round(thawsAt - network.time.now)} ms`);
    this.#terms.watcher.froze(this.name, thawsAt);
    election?.look();
    network.time.at(thawsAt + 0.001, () => {
      if (!process.isAlive) return;
      note(`${this.name}: goes on`);
      // Its renewal comes due among all else that waited, a moment later.
      network.time.after(1, () => {
        if (this.#term?.leftMs() === 0) this.lose();
        election?.look();
      });
    });
  }
}
