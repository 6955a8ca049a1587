import type { FencePort } from '../../controller/ports/fence.ts';
import type { HostPort, LeaseTerms } from '../../controller/ports/host.ts';
import type { Reply } from '../../controller/ports/redis-node.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import type { HostView, LeaseView, UnitView } from '../../reconcilers/observation.ts';
import type { Data } from './history.ts';
import type { Machine } from './machine.ts';
import type { Network } from './network.ts';
import { endProcess, startProcess } from './server.ts';
import type { SimProcess } from './sim-process.ts';

/** Told of what is done at machines. */
export interface MachineWatcher {
  effect(words: string): void;
  /** A copy of a node's data set was made. */
  preserved(node: string, data: Data): void;
  froze(by: string, thawsAt: number): void;
  began(by: string): void;
}

export interface HostTerms {
  readonly process: SimProcess;
  readonly network: Network;
  readonly node: string;
  readonly watcher: MachineWatcher;
  /** Copies made so far at all nodes. */
  readonly nextCopy: () => number;
}

const lookMs = 1_400;
const orderLimitMs = 17_500;
/** An order that has not begun there after so long is refused by the node (controller/ssh-host/ssh-host.ts). */
const orderMs = 3_000;
/** A reading of the node's clock that is older than this is not relied on (controller/ssh-host/node-time.ts). */
const readingMs = 5_000;

const done: Outcome = { kind: 'done' };
const lost: Outcome = { kind: 'unknown', reason: 'OutcomeUnknown', message: 'the connection was lost' };

/** A machine by simulated messages; what it does there is what deploy/understudy-node does. */
export class SimHostPort implements HostPort {
  readonly #terms: HostTerms;
  /** When the node's clock was last read. */
  #readAt = Number.NEGATIVE_INFINITY;
  #boot = 0;

  constructor(terms: HostTerms) {
    this.#terms = terms;
  }

  observe(lease?: LeaseTerms): Promise<HostView> {
    const { process, network, node } = this.#terms;
    const machine = network.stage.machine(node);
    const askedAt = network.time.now;
    return new Promise((resolve) => {
      let isOver = false;
      const settle = (view: HostView): void => {
        if (isOver) return;
        isOver = true;
        cancel();
        resolve(view);
      };
      const cancel = network.time.after(lookMs, () => process.run(() => settle({ state: 'silent' })));
      const held = lease === undefined ? 0 : process.leaving();
      network.time.after(held + network.wayMs(), () => {
        if (!this.#reaches() || (held > 0 && !process.isAlive)) return;
        if (lease !== undefined) renew(machine, lease, { askedAt, now: network.time.now });
        const view = this.#view(machine);
        network.time.after(network.wayMs(), () => {
          if (!this.#reaches()) return;
          process.run(() => {
            this.#readAt = network.time.now;
            this.#boot = machine.boots;
            settle(view);
          });
        });
      });
    });
  }

  startUnits(units: readonly string[], epoch: number): Promise<Outcome> {
    return this.#order(`start ${units.join(' ')}`, epoch, (machine) => {
      if (machine.refusesStarts)
        return { kind: 'refused', reason: 'UnitDoesNotStart', message: 'there is no such program.' };
      for (const unit of units) this.#terms.network.stage.startUnit(machine.name, unit);
      return done;
    });
  }

  stopUnits(units: readonly string[], epoch: number): Promise<Outcome> {
    return this.#order(`stop ${units.join(' ')}`, epoch, (machine) => {
      const stubborn: string[] = [];
      for (const name of units) {
        const unit = machine.units.get(name);
        if (unit?.state !== 'running') continue;
        if (unit.stubborn) stubborn.push(name);
        else unit.state = 'stopped';
      }
      if (stubborn.length === 0) return done;
      return { kind: 'refused', reason: 'UnitDoesNotStop', message: stubborn.join(', ') };
    });
  }

  stopRedis(epoch: number): Promise<Outcome> {
    const { stage } = this.#terms.network;
    return this.#order('stop-redis', epoch, ({ name }) => {
      // A process that hangs is killed in the end.
      endProcess(
        stage.server(name),
        stage.server(name).process === 'hung' ? 'crashed' : 'stopped',
        stage.now,
      );
      return done;
    });
  }

  startRedis(epoch: number): Promise<Outcome> {
    const { stage } = this.#terms.network;
    return this.#order('start-redis', epoch, ({ name }) => {
      startProcess(stage.server(name), stage.now);
      return done;
    });
  }

  async copyAside(path: string, epoch: number): Promise<Reply<{ path: string; bytes: number }>> {
    const { watcher, network, nextCopy } = this.#terms;
    const outcome = await this.#order('copy', epoch, ({ name }) => {
      watcher.preserved(name, network.stage.server(name).snapshot);
      return done;
    });
    if (outcome.kind !== 'done') return outcome;
    return { kind: 'done', value: { path: `${path}.kept.${nextCopy()}`, bytes: 1 } };
  }

  /** A held connection to a machine tells of its end only; what happens there is seen by looking. */
  onChange(): void {}
  close(): void {}

  #reaches(): boolean {
    const { network, process, node } = this.#terms;
    return network.reaches(`${process.name}/host`, node);
  }

  /** The time after which the node refuses it; none without a fresh reading of its clock. */
  #validUntil(): number {
    const { now } = this.#terms.network.time;
    return now - this.#readAt <= readingMs ? now + orderMs : Number.POSITIVE_INFINITY;
  }

  #order(what: string, epoch: number, apply: (machine: Machine) => Outcome): Promise<Outcome> {
    const { process, network, node } = this.#terms;
    const { time } = network;
    const validUntil = this.#validUntil();
    const boot = this.#boot;
    return new Promise((resolve) => {
      let isOver = false;
      const settle = (outcome: Outcome): void => {
        if (isOver) return;
        isOver = true;
        cancel();
        resolve(outcome);
      };
      const held = process.leaving();
      const fate = network.fate();
      const cancel = time.after(held + orderLimitMs, () => process.run(() => settle(lost)));
      const deliver = (): void => {
        if (held > 0 && !process.isAlive) return;
        if (!this.#reaches()) {
          network.hold(node, deliver);
          return;
        }
        if (fate === 'lost' && network.happens(0.5)) return;
        const outcome = this.#carryOut(what, { epoch, validUntil, boot }, apply);
        process.carriedOut();
        if (fate === 'lost') return;
        time.after(network.wayMs(), () => {
          if (this.#reaches()) process.run(() => settle(outcome));
        });
      };
      const late = fate === 'late' ? network.lateMs() : 0;
      time.after(held + network.wayMs() + late, deliver);
    });
  }

  #carryOut(
    what: string,
    { epoch, validUntil, boot }: { epoch: number; validUntil: number; boot: number },
    apply: (machine: Machine) => Outcome,
  ): Outcome {
    const { network, node, process, watcher } = this.#terms;
    const machine = network.stage.machine(node);
    const bears = validUntil !== Number.POSITIVE_INFINITY;
    if (bears && (network.time.now > validUntil || machine.boots !== boot)) return lost;
    if (epoch < machine.epoch)
      return { kind: 'refused', reason: 'EpochTooOld', message: `${machine.epoch} was seen` };
    machine.epoch = epoch;
    const outcome = apply(machine);
    watcher.effect(`${process.name}: ${node} ${what} (epoch ${epoch}): ${outcome.kind}`);
    return outcome;
  }

  #view(machine: Machine): HostView {
    const units: UnitView[] = [];
    for (const [name, unit] of machine.units) units.push(unitView(name, unit.state));
    return {
      state: 'answers',
      bootId: `${machine.name}-${machine.boots}`,
      redisUnit: this.#redisUnit(),
      units,
      epoch: machine.epoch,
      lease: { state: this.#leaseState(machine) },
    };
  }

  #leaseState({ leaseUntil, name }: Machine): LeaseView['state'] {
    const { stage } = this.#terms.network;
    if (leaseUntil === undefined) return 'absent';
    if (stage.now < leaseUntil) return 'armed';
    return stage.isCarryingOn(name) ? 'carryingOn' : 'expired';
  }

  #redisUnit(): UnitView {
    const { stage } = this.#terms.network;
    const server = stage.server(this.#terms.node);
    const ended = { endedSeconds: Math.floor((stage.now - server.endedAt) / 1000) };
    const name = 'redis-server.service';
    if (server.process === 'crashed') return { ...unitView(name, 'failed'), result: 'signal', ...ended };
    if (server.process === 'stopped') return { ...unitView(name, 'stopped'), ...ended };
    return unitView(name, 'running');
  }
}

/** A renewal is an absolute time: one that comes late lasts no longer than it was meant to. */
function renew(machine: Machine, lease: LeaseTerms, at: { askedAt: number; now: number }): void {
  if (lease.seconds === 0) {
    machine.leaseUntil = undefined;
    machine.renewed = undefined;
    return;
  }
  if (lease.epoch < machine.epoch) return;
  const forMs = lease.seconds * 1000;
  machine.leaseUntil = Math.max(machine.leaseUntil ?? 0, at.askedAt + forMs);
  machine.renewed = { at: at.now, forMs };
}

const unitView = (name: string, state: UnitView['state']): UnitView => ({
  name,
  state,
  result: 'success',
  restarts: 0,
  enabledAtBoot: false,
  restartsItself: false,
});

const powerOffMs = 800;

/** A hypervisor that switches a node's machine off; it is asked over a wire of its own. */
export class SimFencePort implements FencePort {
  readonly #terms: HostTerms;

  constructor(terms: HostTerms) {
    this.#terms = terms;
  }

  powerOff(): Promise<Outcome> {
    const { process, network, node, watcher } = this.#terms;
    const { time, stage } = network;
    return new Promise((resolve) => {
      const held = process.leaving();
      time.after(held + network.wayMs(), () => {
        if (!stage.reaches(`${process.name}/fence`, node) || (held > 0 && !process.isAlive)) {
          time.after(5_000, () => process.run(() => resolve(lost)));
          return;
        }
        watcher.effect(`${process.name}: ${node} is switched off`);
        stage.power(node, false);
        process.carriedOut();
        time.after(powerOffMs, () => process.run(() => resolve(done)));
      });
    });
  }

  close(): void {}
}
