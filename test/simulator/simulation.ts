import type { ControllerEvent } from '../../controller/controller.ts';
import { simSpec } from '../world/sim-group.ts';
import { Chance } from './chance.ts';
import { ControllerSeat } from './controller-seat.ts';
import { Election } from './election.ts';
import { Judge } from './judge.ts';
import { Network } from './network.ts';
import { answerQuestions, isAsking } from './operator.ts';
import { RedisCommands } from './redis-commands.ts';
import { SimStore } from './sim-store.ts';
import { SimTime } from './sim-time.ts';
import { Stage } from './stage.ts';
import type { Tally } from './tally.ts';
import { Trace } from './trace.ts';
import { Weather } from './weather.ts';

export type Verdict = 'ok' | 'crash' | 'violation' | 'notConverged';

export interface RunResult {
  readonly seed: number;
  readonly verdict: Verdict;
  /** The rule that was broken, where one was. */
  readonly rule?: string;
  /** What was wrong, in words. */
  readonly why: string;
  readonly hash: string;
  readonly hours: number;
  readonly faults: number;
  readonly passes: number;
  readonly tally: Tally;
  /** How long (ms) it took to come to rest once the faults had stopped. */
  readonly convergedInMs: number;
  /** The last events before the end, in words. */
  readonly recent: readonly string[];
}

export interface RunOptions {
  readonly seed: number;
  readonly hours: number;
  readonly tell?: (line: string) => void;
}

/** Bound on the second stage (ms): the longest pause between attempts, the cooldown, and some work in between. */
const convergeMs = 30 * 60_000;
const restMs = 10 * 60_000;
const operatorMs = 30_000;
/** So long (ms) nothing must have happened before time leaps, and what is left of the way when it lands. */
const calmMs = 3_000;
const uneasyMs = 20_000;
const margin = 2_000;
const longestUneasyLeapMs = 30_000;
const probeMs = 1_000;

/** One group, its controllers and its bad luck, from one seed. */
export class Simulation {
  readonly #options: RunOptions;
  readonly #time = new SimTime();
  readonly #trace: Trace;
  readonly #stage: Stage;
  readonly #network: Network;
  readonly #store: SimStore;
  readonly #judge: Judge;
  readonly #weather: Weather;
  readonly #seats: readonly ControllerSeat[];
  #crash: unknown;
  #passes = 0;
  /** When a controller last decided otherwise than to do nothing. */
  #busyAt = 0;
  #lastLookAt = 0;
  /** When the last decision wanted to look again, if before the next probe. */
  #awaitedAt = 0;
  #beganAt = 0;
  /** When a pass last found nothing to do. */
  #idleAt = 0;
  #isAnswering = false;

  constructor(options: RunOptions) {
    this.#options = options;
    const { seed } = options;
    this.#trace = new Trace(this.#time.now, options.tell);
    const chance = new Chance(seed, 'setting');
    const names = ['a', 'b', 'c'].slice(0, chance.happens(0.6) ? 2 : 3);
    const units = ['bot-a.service', 'bot-b.service'].slice(0, 1 + chance.below(2));
    const leaseSeconds = chance.pick([0, 5, 15] as const);
    const writesPerSecond = chance.pick([2, 100, 2_000, 20_000] as const);
    this.#stage = new Stage(
      {
        names,
        units,
        writesPerSecond,
        bytesPerWrite: 40,
        replicationMs: chance.scaled(0.05, 5),
        fullSyncMs: chance.scaled(200, 20_000),
        watchHaste: chance.happens(0.5) ? 0 : chance.between(0, 5_000),
      },
      this.#time.now,
    );
    const wayMs = chance.scaled(0.05, 4);
    const faultRate = chance.pick([0, 0.002, 0.02, 0.1] as const);
    this.#network = new Network(this.#time, this.#stage, new Chance(seed, 'network'), {
      wayMs: [wayMs, wayMs * 3],
      faultRate,
    });
    const spec = simSpec(names, leaseSeconds);
    this.#store = new SimStore(this.#network, {
      ...spec,
      nodes: names.map((name) => ({
        name,
        redis: { host: name, port: 6379 },
        ssh: { host: name, port: 22, user: 'root' },
      })),
      units: units.map((name) => ({ name })),
      failover: {
        ...spec.failover,
        leaseSeconds,
        cooldownSeconds: chance.pick([0, 10, 60, 300] as const),
        maxLagBytes: chance.happens(0.5) ? spec.failover.maxLagBytes : 1_000 + 2 * 40 * writesPerSecond,
      },
    } as typeof spec);
    const note = (words: string): void => {
      this.#busyAt = this.#time.now;
      this.#trace.note(this.#time.now, words);
    };
    this.#judge = new Judge(this.#stage, this.#store, note);
    const fencedNodes = new Set(names.filter(() => chance.happens(0.4)));
    const two = chance.happens(0.5);
    const election = two ? new Election(this.#time) : undefined;
    let ids = 0;
    const terms = {
      network: this.#network,
      store: this.#store,
      commands: new RedisCommands(this.#stage, this.#judge),
      watcher: this.#judge,
      nextId: () => {
        ids += 1;
        return ids;
      },
      fencedNodes,
      ...(election === undefined ? {} : { election }),
      tell: (seat: string, event: ControllerEvent) => this.#told(seat, event),
      note,
    };
    this.#seats = (two ? ['@1', '@2'] : ['@1']).map((name) => new ControllerSeat(name, terms));
    if (election !== undefined) for (const seat of this.#seats) election.join(seat);
    this.#weather = new Weather({
      chance: new Chance(seed, 'weather'),
      network: this.#network,
      store: this.#store,
      judge: this.#judge,
      seats: this.#seats,
      note,
    });
    note(
      `seed ${seed}: ${names.length} nodes, ${units.length} units, lease ${leaseSeconds} s, ${this.#seats.length} controllers, ${writesPerSecond} writes/s, fences ${[...fencedNodes].join(' ') || 'none'}, message faults ${faultRate}`,
    );
  }

  async run(): Promise<RunResult> {
    const { hours } = this.#options;
    const begun = this.#time.now;
    this.#beganAt = begun;
    for (const seat of this.#seats) seat.start();
    this.#network.isStormy = false;
    // The first five minutes are calm: a group that is not up has nothing to fail.
    await this.#until(begun + 120_000);
    this.#network.isStormy = true;
    this.#weather.begin();
    await this.#until(begun + hours * 3_600_000);
    const healed = this.#time.now;
    this.#trace.note(healed, '* all faults stop');
    this.#weather.end();
    let convergedInMs = -1;
    while (this.#verdict() === 'ok' && this.#time.now - healed < convergeMs) {
      await this.#until(this.#time.now + 5_000);
      if (!this.#isAtRest() || this.#idleAt < Math.max(healed, this.#judge.lastEffectAt)) continue;
      convergedInMs = this.#time.now - healed;
      break;
    }
    if (this.#verdict() !== 'ok') return this.#result(this.#verdict(), convergedInMs);
    if (convergedInMs < 0) return this.#result('notConverged', convergedInMs);
    const quietFrom = this.#time.now;
    await this.#until(quietFrom + restMs);
    if (this.#verdict() !== 'ok') return this.#result(this.#verdict(), convergedInMs);
    const isQuiet = this.#judge.lastEffectAt <= quietFrom;
    return this.#result(isQuiet ? 'ok' : 'notConverged', convergedInMs);
  }

  #verdict(): Verdict {
    if (this.#crash !== undefined) return 'crash';
    return this.#judge.violation === undefined ? 'ok' : 'violation';
  }

  #result(verdict: Verdict, convergedInMs: number): RunResult {
    const { violation, tally } = this.#judge;
    const conditions = this.#store.status.conditions ?? [];
    const words: Record<Verdict, string> = {
      ok: '',
      crash: this.#crash instanceof Error ? (this.#crash.stack ?? this.#crash.message) : String(this.#crash),
      violation: `${violation?.rule}: ${violation?.words}`,
      notConverged: `${convergedInMs < 0 ? 'not converged' : 'something was done after it had come to rest'}: ${conditions.map((c) => `${c.type} ${c.status} ${c.reason}: ${c.message}`).join('; ')} | ${this.#unrest()}`,
    };
    return {
      seed: this.#options.seed,
      verdict,
      ...(verdict === 'violation' && violation !== undefined ? { rule: violation.rule } : {}),
      why: words[verdict],
      hash: this.#trace.hash,
      hours: (this.#time.now - this.#beganAt) / 3_600_000,
      faults: this.#weather.faults,
      passes: this.#passes,
      tally,
      convergedInMs,
      recent: this.#trace.recent(),
    };
  }

  #told(seat: string, event: ControllerEvent): void {
    if (event.kind === 'fault') {
      this.#crash ??= event.cause;
      return;
    }
    if (event.kind === 'decided') {
      this.#passes += 1;
      this.#lastLookAt = this.#time.now;
      this.#awaitedAt = this.#time.now + (event.decision.lookAgainInMs ?? Number.POSITIVE_INFINITY);
      const { observation } = event.situation;
      const { servers } = this.#stage;
      this.#judge.sights.looked(seat, observation, { at: observation.begunAt ?? this.#time.now, servers });
      if (event.decision.actions.length > 0) this.#busyAt = this.#time.now;
      else this.#idleAt = this.#time.now;
      if (event.decision.actions.length > 0 && isAsking(event.decision.status)) this.#asked();
      return;
    }
    if (event.kind === 'acted') {
      const { action, outcome } = event;
      if (outcome.kind === 'done') return;
      const at = 'node' in action ? ` ${action.node}` : '';
      this.#trace.note(this.#time.now, `${seat}: ${action.kind}${at} ${outcome.kind} ${outcome.reason}`);
    }
  }

  /** Where the controller asks something, an operator answers after a while. */
  #asked(): void {
    if (this.#isAnswering) return;
    this.#isAnswering = true;
    this.#time.after(operatorMs, () => {
      this.#isAnswering = false;
      const answer = answerQuestions(this.#stage, this.#store, this.#judge);
      if (answer !== undefined)
        this.#trace.note(this.#time.now, `* the operator accepts the data of ${answer}`);
      if (isAsking(this.#store.status)) this.#asked();
    });
  }

  async #until(end: number): Promise<void> {
    const time = this.#time;
    let isThere = false;
    time.at(end, () => {
      isThere = true;
    });
    while (!isThere && this.#verdict() === 'ok') {
      const next = time.next();
      if (next === undefined) return;
      if (next.isProbe && this.#leaps(next)) continue;
      time.now = next.due;
      this.#stage.settle(time.now);
      this.#judge.settled();
      this.#trace.mix(time.now);
      next.call();
      await settled();
    }
  }

  /** While nothing happens, the loop's probes are left out: as if each had found what the last one found. */
  #leaps(probe: Parameters<SimTime['postpone']>[0]): boolean {
    const time = this.#time;
    const still = probe.due - Math.max(this.#busyAt, this.#judge.lastEffectAt);
    const ready = this.#isReady() && !this.#movesBack();
    if (still < (ready ? calmMs : uneasyMs)) return false;
    const other = time.peek();
    if (other === undefined) return false;
    const awaited = this.#awaitedAt - probe.due;
    const longest = awaited > 0 ? awaited : longestUneasyLeapMs;
    const room = Math.min(other - probe.due - margin, ready ? longest : longestUneasyLeapMs);
    const leap = Math.floor(room / probeMs) * probeMs;
    if (leap < probeMs) return false;
    this.#stage.leapt(leap, this.#lastLookAt - probeMs);
    time.postpone(probe, leap);
    // Some looks in between, all the same.
    this.#busyAt = probe.due - (ready ? 0 : uneasyMs - calmMs);
    return true;
  }

  /** It waits for the time when it may move back by itself. */
  #movesBack(): boolean {
    const { spec, status } = this.#store;
    return spec.failback.policy === 'Automatic' && spec.primary !== status.currentPrimary;
  }

  #isReady(): boolean {
    return this.#condition('Ready')?.status === 'True';
  }

  #condition(type: string): { status: string; reason: string } | undefined {
    return this.#store.status.conditions?.find((condition) => condition.type === type);
  }

  #isAtRest(): boolean {
    const { now, lastUnderWay } = this.#time;
    // What was sent before the faults stopped arrives still: a late write of a status that was true then.
    return this.#unrest() === '' && now - Math.max(this.#judge.lastEffectAt, lastUnderWay) > 5_000;
  }

  /** What is not yet as it should be, in words. */
  #unrest(): string {
    const { status, spec } = this.#store;
    const primary = status.currentPrimary;
    const wrong: string[] = [];
    if (!this.#isReady()) wrong.push('not ready');
    if (this.#movesBack()) wrong.push('it is to move back');
    const { reason } = this.#condition('PrimaryAsRequested') ?? {};
    if (reason === 'RetryingLater') wrong.push('a request is put off');
    const failover = this.#condition('FailoverReady');
    // Without a fence and without a lease it never is, and says so.
    if (failover?.status !== 'True' && failover?.reason !== 'FencingMissing')
      wrong.push('not ready for a failover');
    if (status.transition !== undefined) wrong.push('a transition is open');
    if (spec.primary !== status.handledPrimary && spec.primary !== primary)
      wrong.push('a request is not met');
    for (const server of this.#stage.servers.values()) {
      const leads = server.name === primary;
      if (server.process !== 'running') wrong.push(`${server.name} is down`);
      if ((server.role === 'primary') !== leads) wrong.push(`${server.name} is ${server.role}`);
      if (!leads && (server.of !== primary || server.link !== 'up'))
        wrong.push(`${server.name} is no replica in sync`);
      if (server.pausedUntil > this.#time.now) wrong.push(`${server.name} is paused`);
      if (server.savedRole.role !== server.role)
        wrong.push(`${server.name} would come back as ${server.savedRole.role}`);
      for (const [unit, { state }] of this.#stage.machine(server.name).units)
        if ((state === 'running') !== leads) wrong.push(`${unit} is ${state} on ${server.name}`);
    }
    return wrong.join(', ');
  }
}

/** Lets everything that is ready to run in this process run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
