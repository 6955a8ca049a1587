import { setTimeout as delay } from 'node:timers/promises';
import { failbackAnnotation } from '../../crd/annotations.ts';
import type { Status } from '../../crd/status.ts';
import { isReady } from '../demo/play.ts';
import type { StatusWatch } from '../demo/status-watch.ts';
import { monotonicMs } from '../traffic/monotonic.ts';
import type { ChaosController } from './chaos-controller.ts';
import type { ChaosStage } from './chaos-stage.ts';
import type { Fault, PlannedFault, Victim } from './fault-plan.ts';
import {
  deafen,
  dieAlone,
  disturb,
  fillDisk,
  hangRedis,
  killBot,
  killRedis,
  promoteByHand,
  stopRedis,
} from './fault-work.ts';

/** A fault that has been, as it goes into the history. Times in monotonic ms. */
export interface DoneFault {
  readonly words: string;
  readonly kind: Fault['kind'];
  readonly node?: string;
  readonly from: number;
  to: number;
  /** When the node's data was taken away by it: what it alone had is nowhere. */
  spoiltAt?: number;
  failure?: string;
}

export interface MayhemOptions {
  readonly stage: ChaosStage;
  readonly controller: ChaosController;
  readonly status: StatusWatch;
  readonly tell: (words: string) => void;
}

/** How long (ms) a fault that takes data away waits for a group that has all its data twice. */
const calmMs = 15_000;
/** How long (ms) it may take until the controller tells that it has seen one. */
const noticedMs = 2_000;

/** Carries out the faults of a plan, on whom they strike as things are. */
export class Mayhem {
  readonly done: DoneFault[] = [];
  readonly #options: MayhemOptions;
  /** What each node, the controller and the bots are busy with: one fault at a time on each. */
  readonly #busy = new Map<string, Promise<void>>();

  constructor(options: MayhemOptions) {
    this.#options = options;
  }

  /** Resolves when the time is over; what is under way then goes on, see `end`. */
  async rage(plan: Iterable<PlannedFault>, untilMs: number): Promise<void> {
    for (const { pauseMs, fault } of plan) {
      if (monotonicMs() + pauseMs >= untilMs) return;
      await delay(pauseMs);
      await this.#strike(fault);
    }
  }

  /** All faults are over. */
  async end(): Promise<void> {
    const { stage, controller } = this.#options;
    await Promise.all(this.#busy.values());
    await stage.ask({ paused: false });
    for (const node of stage.nodes) await stage.startRedis(node);
    controller.start();
  }

  /** Begins as soon as its victim has no other fault on it. */
  async #strike(fault: Fault): Promise<void> {
    const { status } = this.#options;
    const takesData = 'with' in fault && fault.with !== 'all its data';
    // Without a second copy elsewhere, or without a controller that sees it in time, its data would be lost to all.
    const calm = takesData && (await this.#untilCalm());
    const node = this.#nodeOf(fault);
    const on = node ?? (fault.kind.startsWith('controller') ? 'controller' : 'group');
    await this.#busy.get(on);
    const act = takesData && !calm ? { ...fault, with: 'all its data' as const } : fault;
    const done: DoneFault = {
      words: wordsOf(act, node),
      kind: fault.kind,
      ...(node === undefined ? {} : { node }),
      from: monotonicMs(),
      to: Number.POSITIVE_INFINITY,
    };
    this.done.push(done);
    this.#options.tell(done.words);
    const before = status.latest;
    const spoilt = (): void => {
      done.spoiltAt = monotonicMs();
    };
    const work = this.#carryOut(act, node ?? '', spoilt).catch((error: unknown) => {
      done.failure = error instanceof Error ? error.message : String(error);
    });
    const over = work.then(() => {
      done.to = monotonicMs();
    });
    this.#busy.set(on, over);
    if (!takesData || !calm) return;
    await over;
    await status.until((seen) => seen !== before, AbortSignal.timeout(noticedMs)).catch(() => undefined);
    await this.#untilCalm();
  }

  async #untilCalm(): Promise<boolean> {
    const { controller, status, stage } = this.#options;
    await Promise.all(this.#busy.values());
    if (!controller.runs || stage.wanted.paused) return false;
    return status.until(allWell(stage.nodes.length), AbortSignal.timeout(calmMs)).then(
      () => true,
      () => false,
    );
  }

  #nodeOf(fault: Fault): string | undefined {
    if (fault.kind === 'promoted by hand') return this.#victim({ role: 'replica', pick: fault.pick });
    if (fault.kind === 'primary dies alone') return this.#victim({ role: 'primary' });
    return 'victim' in fault ? this.#victim(fault.victim) : undefined;
  }

  #victim(victim: Victim): string {
    const { stage, status } = this.#options;
    const primary = status.latest.currentPrimary ?? stage.wanted.primary;
    if (victim.role === 'primary') return primary;
    const eligible = stage.nodes.filter((node) => victim.role === 'any' || node !== primary);
    return eligible[victim.pick % eligible.length] ?? primary;
  }

  async #carryOut(fault: Fault, node: string, spoilt: () => void): Promise<void> {
    const { stage } = this.#options;
    switch (fault.kind) {
      case 'redis killed':
        return killRedis(stage, node, { downMs: fault.downMs, comeback: fault.with, spoilt });
      case 'primary dies alone':
        return dieAlone(stage, node, { ...fault, comeback: fault.with, spoilt });
      case 'redis stopped':
        return stopRedis(stage, node, fault.downMs);
      case 'redis hangs':
        return hangRedis(stage, node, fault.forMs);
      case 'cut from the controller':
        return disturb(stage, node, { ways: 'controller', forMs: fault.forMs });
      case 'cut from the other nodes':
        return disturb(stage, node, { ways: 'nodes', forMs: fault.forMs });
      case 'cut from all':
        return disturb(stage, node, { ways: 'all', forMs: fault.forMs });
      case 'slow network':
        return disturb(stage, node, { ways: 'all', forMs: fault.forMs, delayMs: fault.delayMs });
      case 'promoted by hand':
        return promoteByHand(stage, node);
      case 'disk full':
        return fillDisk(stage, node, fault.forMs);
      case 'bot killed':
        return killBot(stage, fault.bot);
      case 'bots deaf, then a switchover':
        return deafen(stage, fault.forMs, () => this.#move(fault.to));
      default:
        return this.#disturbController(fault);
    }
  }

  async #disturbController(fault: Fault): Promise<void> {
    const { controller, stage, status } = this.#options;
    switch (fault.kind) {
      case 'switchover':
        return this.#move(fault.to);
      case 'failback':
        return stage.ask({ annotations: { [failbackAnnotation]: String(status.latest.epoch ?? 0) } });
      case 'paused':
        await stage.ask({ paused: true });
        await delay(fault.forMs);
        return stage.ask({ paused: false });
      case 'controller killed':
        await controller.kill();
        await delay(fault.downMs);
        return controller.start();
      case 'controller killed in mid-move':
        await this.#move(fault.to);
        await delay(fault.afterMs);
        await controller.kill();
        await delay(fault.downMs);
        return controller.start();
      case 'controller frozen':
        controller.freeze();
        await delay(fault.forMs);
        return controller.thaw();
    }
  }

  /** To another node than the one that leads. */
  async #move(to: number): Promise<void> {
    const { stage, status } = this.#options;
    const primary = status.latest.currentPrimary ?? stage.wanted.primary;
    const others = stage.nodes.filter((node) => node !== primary);
    const next = others[to % others.length] ?? primary;
    // After a failover the request stands there already: it is made again by the annotation.
    const again = { annotations: { [failbackAnnotation]: String(status.latest.epoch ?? 0) } };
    await stage.ask(next === stage.wanted.primary ? again : { primary: next });
  }
}

/** Ready, nothing under way, and every other node is a replica in sync. */
export const allWell =
  (size: number) =>
  (status: Status): boolean => {
    const { transition, nodes = [], currentPrimary } = status;
    const linked = nodes.filter(({ role, linkStatus }) => role === 'replica' && linkStatus === 'up');
    return (
      isReady(status) &&
      transition === undefined &&
      linked.length === size - 1 &&
      nodes.some(({ name, role }) => name === currentPrimary && role === 'primary')
    );
  };

function wordsOf(fault: Fault, node: string | undefined): string {
  const terms = Object.entries(fault)
    .filter(([name]) => !['kind', 'victim', 'pick'].includes(name))
    .map(([name, value]) => `${name} ${value}`);
  return [node, fault.kind, ...terms].filter((word) => word !== undefined).join(', ');
}
