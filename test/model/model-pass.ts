import type { GroupNode } from '../../controller/group-nodes.ts';
import { Observer } from '../../controller/observe.ts';
import type { Clock } from '../../controller/ports/clock.ts';
import type { StoredGroup } from '../../controller/ports/store.ts';
import type { PassEvent, PassResult } from '../../controller/reconcile-pass.ts';
import { reconcilePass } from '../../controller/reconcile-pass.ts';
import type { FailoverGroup } from '../../crd/failover-group.ts';
import type { Status } from '../../crd/status.ts';
import type { Action, Outcome } from '../../reconcilers/action.ts';
import type { Observation } from '../../reconcilers/observation.ts';
import type { Decision } from '../../reconcilers/reconcile.ts';
import {
  judgeDecision,
  judgeDeposed,
  judgeFollow,
  judgeNeedless,
  judgePaused,
  judgePowerOff,
  judgePromotion,
  judgeTold,
} from './judge-effect.ts';
import type { ModelEvent } from './model-event.ts';
import type { Between } from './model-ports.ts';
import { ModelFencePort, ModelHostPort, ModelRedisPort } from './model-ports.ts';
import type { ModelScope, ModelState } from './model-state.ts';
import { cloneState, restartController, specFor } from './model-state.ts';
import { tickMs } from './model-world.ts';

class Killed extends Error {}

/** A place in a pass at which something may happen: before a look, or before an effect. */
export interface Point {
  readonly kind: 'look' | 'effect';
  readonly what: string;
  /** Which of the events asked about could happen here. */
  readonly possible: readonly ModelEvent[];
}

/** What happens at one point of a pass. */
export type Disturbance =
  | { readonly at: number; readonly kind: 'kill' }
  | { readonly at: number; readonly kind: 'lost'; readonly applied: boolean }
  | { readonly at: number; readonly kind: 'event'; readonly event: ModelEvent }
  /** Another process leads and works until it has nothing to do; then this one goes on with what it was about. */
  | { readonly at: number; readonly kind: 'deposed'; readonly event?: ModelEvent };

export interface PassTrace {
  readonly points: readonly Point[];
  readonly result: PassResult['result'] | 'killed';
  /** Actions carried out, in order, with what came of them. */
  readonly acted: readonly { readonly action: Action; readonly outcome: Outcome }[];
  readonly decision: Decision | undefined;
  readonly wrote: number;
  /** Some of what was asked did not answer. */
  readonly partial: boolean;
}

/** How many passes a successor may take until its predecessor goes on. */
const successorPasses = 10;

interface PassOptions {
  readonly disturbance?: Disturbance | undefined;
  /** Events of which is to be told where in the pass they could happen. */
  readonly ask?: readonly ModelEvent[];
}

/** The production pass, on this state, in place. */
export async function runPass(
  scope: ModelScope,
  state: ModelState,
  { disturbance, ask = [] }: PassOptions = {},
): Promise<PassTrace> {
  return new Pass(scope, state, { disturbance, ask }).run();
}

class Pass {
  readonly #scope: ModelScope;
  readonly #state: ModelState;
  readonly #disturbance: Disturbance | undefined;
  readonly #ask: readonly ModelEvent[];
  readonly #points: Point[] = [];
  readonly #acted: { action: Action; outcome: Outcome }[] = [];
  #decision: Decision | undefined;
  #wrote = 0;
  #isDeposed = false;
  #partial = false;

  constructor(scope: ModelScope, state: ModelState, { disturbance, ask = [] }: PassOptions) {
    this.#scope = scope;
    this.#state = state;
    this.#disturbance = disturbance;
    this.#ask = ask;
  }

  async run(): Promise<PassTrace> {
    const state = this.#state;
    const { world } = state;
    const clock: Clock = { now: () => world.now, sleep: async () => undefined };
    let result: PassTrace['result'] = 'killed';
    const begunAt = world.now;
    state.meddled = [];
    try {
      const passed = await reconcilePass(
        {
          nodes: this.#nodes(),
          observer: new Observer(clock),
          clock,
          commandTimeoutMs: 500,
          store: {
            get: () => this.#stored(),
            writeStatus: (_key, status, version) => this.#write(status, version),
          },
          tell: (event) => this.#tell(event),
        },
        this.#stored(),
        state.memory,
      );
      if (!this.#isDeposed) state.memory = passed.memory;
      result = passed.result;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      restartController(state);
    }
    state.overtaken = false;
    this.#judgeRollBack();
    // What took time ends at a tick.
    const over = (world.now - begunAt) % tickMs;
    if (over > 0) world.advance(tickMs - over);
    return {
      points: this.#points,
      result,
      acted: this.#acted,
      decision: this.#decision,
      wrote: this.#wrote,
      partial: this.#partial,
    };
  }

  /** S6: a handover that was refused leaves the old primary as it was, unless the order to let go was lost. */
  #judgeRollBack(): void {
    if (this.#disturbance !== undefined) return;
    const { world } = this.#state;
    for (const { action, outcome } of this.#acted) {
      if (action.kind !== 'handOver' || outcome.kind !== 'refused') continue;
      const from = world.get(action.from);
      if (from.role !== 'primary' || (from.process === 'running' && from.pausedUntil > world.now))
        world.violate(`S6: a handover from ${action.from} is refused, and it does not lead on`);
    }
  }

  #nodes(): Map<string, GroupNode> {
    const between: Between = {
      world: this.#state.world,
      units: this.#scope.units,
      look: (node) => this.#look(node),
      effect: (what, node) => this.#effect(`${what} ${node}`),
      judge: (what, node, to) => this.#judge(what, node, to),
      seen: (node) => this.#seen(node),
    };
    return new Map(
      this.#scope.nodes.map((name) => [
        name,
        {
          name,
          endpoint: { host: name, port: 6379 },
          redis: new ModelRedisPort(between, name),
          host: new ModelHostPort(between, name),
          ...(this.#scope.fences ? { fence: new ModelFencePort(between, name) } : {}),
        },
      ]),
    );
  }

  #point(kind: Point['kind'], what: string): number {
    const possible = this.#ask.filter((event) => event.apply(cloneState(this.#state)));
    return this.#points.push({ kind, what, possible }) - 1;
  }

  #look(node: string): void {
    const at = this.#point('look', `look at ${node}`);
    const due = this.#disturbance;
    if (due?.at === at && due.kind === 'event') due.event.apply(this.#state);
  }

  /** What was seen to lead is what this process may be expected to know of. */
  #seen(node: string): void {
    const { world } = this.#state;
    const redis = world.get(node);
    const answers = redis.process === 'running' && world.host(node).powered && world.reaches('@', node);
    if (!answers || redis.role !== 'primary' || this.#isDeposed) return;
    this.#state.saw = { ...this.#state.saw, [node]: redis.data.log };
  }

  async #effect(what: string): Promise<'known' | 'lostAfter' | 'lostBefore'> {
    const at = this.#point('effect', what);
    if (this.#disturbance === undefined && this.#state.paused) judgePaused(this.#state, what);
    const due = this.#disturbance;
    if (due?.at !== at) return 'known';
    switch (due.kind) {
      case 'kill':
        throw new Killed();
      case 'lost':
        return due.applied ? 'lostAfter' : 'lostBefore';
      case 'event':
        due.event.apply(this.#state);
        return 'known';
      case 'deposed':
        await this.#depose(due.event);
        return 'known';
    }
  }

  async #depose(event: ModelEvent | undefined): Promise<void> {
    const state = this.#state;
    // Where several controllers are, an API server is: the version of what is recorded covers the spec, too.
    if (event?.apply(state)) state.version += 1;
    restartController(state);
    this.#isDeposed = true;
    const before = leaderMeant(state.status);
    for (let pass = 0; pass < successorPasses; pass += 1) {
      const { result, wrote } = await runPass(this.#scope, state);
      if (result === 'idle' && wrote === 0) break;
    }
    const intended = this.#decision === undefined ? undefined : leaderMeant(this.#decision.status);
    const meant = leaderMeant(state.status);
    // One that only looks on has overtaken nobody: it may not know yet what this one has seen long enough.
    state.overtaken = meant !== intended && meant !== before;
  }

  async #write(status: Status, version: string): Promise<Outcome> {
    const fate = await this.#effect('record');
    const state = this.#state;
    if (version !== String(state.version))
      return { kind: 'refused', reason: 'Conflict', message: 'status has changed' };
    const lost: Outcome = { kind: 'unknown', reason: 'StoreUnavailable', message: 'no answer' };
    if (fate === 'lostBefore') return lost;
    judgeTold(state, state.status, status);
    state.status = status;
    state.version += 1;
    this.#wrote += 1;
    return fate === 'lostAfter' ? lost : { kind: 'done' };
  }

  #tell(event: PassEvent): void {
    if (event.kind === 'acted') {
      this.#acted.push({ action: event.action, outcome: event.outcome });
      return;
    }
    this.#decision = event.decision;
    this.#partial = isPartial(event.situation.observation);
    judgeDecision(this.#state, event.decision);
    // What happens between two looks makes an order needless that was not.
    if (this.#disturbance === undefined) judgeNeedless(this.#state, event.decision, this.#scope.units);
  }

  #judge(what: Parameters<Between['judge']>[0], node: string, to?: string): void {
    if (what === 'powerOff') {
      // What comes back between the look and the order is off all the same.
      if (this.#disturbance === undefined) judgePowerOff(this.#state, node);
      return;
    }
    if (what === 'start') judgeDeposed(this.#state, `units are started on ${node}`);
    else if (what === 'follow') judgeFollow(this.#state, node, to ?? '');
    else judgePromotion(this.#state, node, this.#decision?.status.transition);
  }

  #stored(): StoredGroup {
    const { status, annotations, version } = this.#state;
    const spec: FailoverGroup['spec'] = specFor(this.#scope, this.#state);
    const metadata = { name: 'model', generation: 1, annotations };
    return {
      key: 'model',
      group: { apiVersion: 'understudy.dev/v1alpha1', kind: 'FailoverGroup', metadata, spec },
      status,
      version: String(version),
    };
  }
}

/** Who is to lead by what is on record. */
export const leaderMeant = ({ currentPrimary, transition }: Status): string | undefined =>
  transition?.to ?? currentPrimary;

function isPartial({ nodes }: Observation): boolean {
  const silent = nodes.flatMap(({ redis, host }) => [redis.state === 'silent', host.state === 'silent']);
  return silent.includes(true) && silent.includes(false);
}

/** The state that follows a pass, and what happened in it. */
export async function afterPass(
  scope: ModelScope,
  state: ModelState,
  options?: PassOptions,
): Promise<{ readonly state: ModelState; readonly trace: PassTrace }> {
  const next = cloneState(state);
  return { state: next, trace: await runPass(scope, next, options) };
}
