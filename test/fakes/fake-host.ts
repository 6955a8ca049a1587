import type { HostPort, LeaseTerms } from '../../controller/ports/host.ts';
import type { Reply } from '../../controller/ports/redis-node.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import type { HostView, UnitView } from '../../reconcilers/observation.ts';

export interface FakeUnit {
  state: UnitView['state'];
  result: string;
  restarts: number;
  endedAt: number | undefined;
  starts: number;
  readonly restartsItself: boolean;
  readonly ignoresSigterm: boolean;
  /** The exit code that it ends with as soon as it is started. */
  readonly endsWith: number | undefined;
}

const refused = (reason: string, message: string): Exclude<Outcome, { kind: 'done' }> => ({
  kind: 'refused',
  reason,
  message,
});

/** A machine in memory: units, an epoch, files. What happens to it by itself is told to every adapter. */
export class FakeMachine {
  readonly units = new Map<string, FakeUnit>();
  /** Path and content. */
  readonly files = new Map<string, string>();
  readonly listeners = new Set<() => void>();
  epoch = 0;
  /** Whether a watch was ever armed; its time does not run here. */
  leased = false;
  reachable = true;
  now = 0;

  define(
    name: string,
    traits: Partial<Pick<FakeUnit, 'restartsItself' | 'ignoresSigterm' | 'endsWith'>>,
  ): void {
    this.units.set(name, {
      state: 'stopped',
      result: 'success',
      restarts: 0,
      endedAt: undefined,
      starts: 0,
      restartsItself: traits.restartsItself ?? false,
      ignoresSigterm: traits.ignoresSigterm ?? false,
      endsWith: traits.endsWith,
    });
  }

  start(unit: FakeUnit): void {
    if (unit.state === 'running') return;
    Object.assign(unit, { state: 'running', result: 'success', restarts: 0, endedAt: undefined });
    unit.starts += 1;
    if (unit.endsWith !== undefined) this.#end(unit, unit.endsWith === 0 ? 'success' : 'exit-code');
  }

  stop(unit: FakeUnit): void {
    if (unit.state === 'running') this.#end(unit, unit.ignoresSigterm ? 'timeout' : 'success');
  }

  /** SIGKILL of its main process. */
  crash(unit: FakeUnit): void {
    this.#end(unit, 'signal');
    if (unit.restartsItself) {
      Object.assign(unit, { state: 'running', result: 'success', endedAt: undefined });
      unit.restarts += 1;
      unit.starts += 1;
    }
    for (const listener of this.listeners) listener();
  }

  #end(unit: FakeUnit, result: string): void {
    Object.assign(unit, { state: result === 'success' ? 'stopped' : 'failed', result, endedAt: this.now });
  }
}

/** The host port over a machine in memory; several may share one machine. */
export class FakeHost implements HostPort {
  readonly #machine: FakeMachine;
  readonly #units: readonly string[];
  readonly #redisUnit: string;
  readonly #listeners: (() => void)[] = [];

  constructor(machine: FakeMachine, units: readonly string[], redisUnit: string) {
    this.#machine = machine;
    this.#units = units;
    this.#redisUnit = redisUnit;
  }

  async observe(lease?: LeaseTerms): Promise<HostView> {
    if (!this.#machine.reachable) return { state: 'silent' };
    if (lease !== undefined && lease.epoch >= this.#machine.epoch) this.#machine.leased = lease.seconds > 0;
    const redis = this.#view(this.#redisUnit);
    return {
      state: 'answers',
      bootId: 'boot-1',
      ...(redis.state === 'unknownUnit' ? {} : { redisUnit: redis }),
      units: this.#units.map((name) => this.#view(name)),
      epoch: this.#machine.epoch,
      freeDiskBytes: 1e12,
      lease: { state: this.#machine.leased ? 'armed' : 'absent' },
    };
  }

  async startUnits(units: readonly string[], epoch: number): Promise<Outcome> {
    return this.#under(units, epoch, () => {
      const missing = units.find((name) => !this.#machine.units.has(name));
      if (missing !== undefined) return refused('UnknownUnit', `There is no unit ${missing}.`);
      for (const unit of this.#known(units)) this.#machine.start(unit);
      return { kind: 'done' };
    });
  }

  async stopUnits(units: readonly string[], epoch: number): Promise<Outcome> {
    return this.#under(units, epoch, () => {
      for (const unit of this.#known(units)) this.#machine.stop(unit);
      return { kind: 'done' };
    });
  }

  async stopRedis(epoch: number): Promise<Outcome> {
    return this.#under([], epoch, () => {
      const unit = this.#machine.units.get(this.#redisUnit);
      if (unit === undefined) return refused('UnknownUnit', `There is no unit ${this.#redisUnit}.`);
      this.#machine.stop(unit);
      return { kind: 'done' };
    });
  }

  async startRedis(epoch: number): Promise<Outcome> {
    return this.startUnits([this.#redisUnit], epoch);
  }

  async copyAside(
    path: string,
    epoch: number,
    keep: number,
  ): Promise<Reply<{ path: string; bytes: number }>> {
    const { files } = this.#machine;
    const content = files.get(path);
    const name = path.slice(path.lastIndexOf('/') + 1);
    const copy = `/preserved/${String(files.size).padStart(6, '0')}-epoch${epoch}-${name}`;
    const outcome = this.#under([], epoch, () => {
      if (content === undefined) return refused('PreserveImpossible', `There is no ${path}.`);
      files.set(copy, content);
      const copies = [...files.keys()].filter(
        (file) => file.startsWith('/preserved/') && file.endsWith(`-${name}`),
      );
      for (const old of copies.slice(0, -keep)) files.delete(old);
      return { kind: 'done' };
    });
    return outcome.kind === 'done'
      ? { kind: 'done', value: { path: copy, bytes: Buffer.byteLength(content ?? '') } }
      : outcome;
  }

  onChange(listener: () => void): void {
    this.#machine.listeners.add(listener);
    this.#listeners.push(listener);
  }

  close(): void {
    for (const listener of this.#listeners) this.#machine.listeners.delete(listener);
  }

  #under(units: readonly string[], epoch: number, apply: () => Outcome): Outcome {
    const machine = this.#machine;
    if (!machine.reachable)
      return { kind: 'unknown', reason: 'OutcomeUnknown', message: 'the connection was lost' };
    if (epoch < machine.epoch) return refused('EpochTooOld', `Epoch ${machine.epoch} was accepted.`);
    machine.epoch = epoch;
    const bad = units.find((name) => !/^[\w@-][\w@.:-]*\.service$/.test(name));
    return bad === undefined ? apply() : refused('UnitInvalid', `${bad} is no name of a unit.`);
  }

  #known(units: readonly string[]): FakeUnit[] {
    return units.map((name) => this.#machine.units.get(name)).filter((unit) => unit !== undefined);
  }

  #view(name: string): UnitView {
    const unit = this.#machine.units.get(name);
    const absent = { state: 'unknownUnit' as const, result: 'success', restarts: 0, restartsItself: false };
    const { state, result, restarts, restartsItself } = unit ?? absent;
    const ended =
      unit?.endedAt === undefined ? {} : { endedSeconds: (this.#machine.now - unit.endedAt) / 1_000 };
    return { name, state, result, restarts, ...ended, enabledAtBoot: false, restartsItself };
  }
}
