import { canonicalKey, hashOf } from './canonical-key.ts';
import type { Convergence } from './convergence.ts';
import { EventCount } from './event-kinds.ts';
import type { ModelEvent } from './model-event.ts';
import { eventsOf } from './model-event.ts';
import type { Disturbance, PassTrace } from './model-pass.ts';
import { afterPass, runPass } from './model-pass.ts';
import type { ModelScope, ModelState } from './model-state.ts';
import { cloneState } from './model-state.ts';
import { tickMs } from './model-world.ts';

export interface Violation {
  readonly invariant: string;
  readonly message: string;
  /** What happened, from the root on, the shortest way. */
  readonly path: readonly string[];
}

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  readonly perCost: readonly number[];
  readonly violations: readonly Violation[];
  readonly complete: boolean;
  /** Where it was when it gave up: what grows without end shows there. */
  readonly givenUp: readonly string[];
  /** How often each kind of event was taken. */
  readonly kinds: Readonly<Record<string, number>>;
  /** The states themselves, by hash: what several runs found is counted once. */
  readonly hashes: Float64Array;
}

interface Found {
  readonly state: ModelState;
  readonly index: number;
  readonly cost: number;
}

interface Step {
  readonly label: string;
  readonly cost: number;
  readonly state: ModelState;
  /** What the controller's process did, where it is its pass. */
  readonly trace?: PassTrace;
}

/** When to give up, so that a checker that explodes says so instead of filling the machine. */
export interface Limits {
  readonly states: number;
  readonly violations: number;
  readonly progress?: (far: Progress) => void;
}

export interface Progress {
  readonly states: number;
  readonly transitions: number;
  /** Seen and not yet followed. */
  readonly frontier: number;
  /** Events on the paths that are followed now. */
  readonly cost: number;
}

/** First in, first out, in constant time; what was taken is let go of. */
class Queue {
  readonly #items: (Found | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  put(found: Found): void {
    this.#items.push(found);
  }

  take(): Found | undefined {
    const found = this.#items[this.#head];
    if (found === undefined) return undefined;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    return found;
  }
}

/** Breadth first over distinct states, those that took the fewest events first. */
export class Explorer {
  readonly #scope: ModelScope;
  readonly #convergence: Convergence;
  readonly #events: readonly ModelEvent[];
  readonly #seen = new Set<number>();
  readonly #parents: number[] = [];
  readonly #labels: number[] = [];
  readonly #names = new Map<string, number>();
  readonly #layers: Queue[] = [];
  readonly #violations: Violation[] = [];
  readonly #broken = new Set<string>();
  readonly #taken = new EventCount();
  readonly #perCost: number[] = [];
  #transitions = 0;
  #givenUp: readonly string[] = [];

  constructor(scope: ModelScope, convergence: Convergence) {
    this.#scope = scope;
    this.#convergence = convergence;
    this.#events = eventsOf(scope);
  }

  async run(roots: readonly { name: string; state: ModelState }[], limits: Limits): Promise<Exploration> {
    for (const { name, state } of roots) await this.#visit({ label: name, cost: 0, state }, -1);
    let complete = true;
    for (let cost = 0; cost <= this.#scope.events && complete; cost += 1) {
      const layer = this.#layer(cost);
      for (let next = layer.take(); next !== undefined; next = layer.take()) {
        if (this.#seen.size >= limits.states || this.#violations.length >= limits.violations) {
          complete = false;
          this.#givenUp = this.#pathTo(next.index);
          break;
        }
        await this.#expand(next);
        limits.progress?.(this.#progress(cost));
      }
    }
    return {
      states: this.#seen.size,
      transitions: this.#transitions,
      perCost: this.#perCost,
      violations: this.#violations,
      complete,
      givenUp: this.#givenUp,
      kinds: this.#taken.counts(),
      hashes: Float64Array.from(this.#seen),
    };
  }

  #layer(cost: number): Queue {
    const layer = this.#layers[cost] ?? new Queue();
    this.#layers[cost] = layer;
    return layer;
  }

  #progress(cost: number): Progress {
    const frontier = this.#layers.reduce((sum, layer) => sum + layer.length, 0);
    return { states: this.#seen.size, transitions: this.#transitions, frontier, cost };
  }

  async #expand(found: Found): Promise<void> {
    const left = this.#scope.events - found.cost;
    for await (const step of successors(this.#scope, found.state, this.#events, left)) {
      this.#transitions += 1;
      this.#taken.label(step.label);
      if (step.trace !== undefined) this.#taken.pass(step.trace);
      if (step.label === 'tick') this.#taken.tick(found.state, step.state);
      await this.#visit({ ...step, cost: found.cost + step.cost }, found.index);
    }
  }

  async #visit(step: Step, parent: number): Promise<void> {
    const { state } = step;
    const hash = hashOf(canonicalKey(this.#scope, state));
    const isNew = !this.#seen.has(hash);
    if (!isNew && state.world.violations.length === 0) return;
    const index = this.#parents.push(parent) - 1;
    this.#labels.push(this.#nameOf(step.label));
    for (const message of state.world.violations) this.#violate(message, index);
    if (!isNew) return;
    this.#seen.add(hash);
    this.#perCost[step.cost] = (this.#perCost[step.cost] ?? 0) + 1;
    // What broke a rule is told of, and not followed any further.
    if (state.world.violations.length > 0) return;
    for (const message of await this.#convergence.judge(state)) this.#violate(message, index);
    this.#layer(step.cost).put({ state, index, cost: step.cost });
  }

  #nameOf(label: string): number {
    const known = this.#names.get(label) ?? this.#names.size;
    this.#names.set(label, known);
    return known;
  }

  /** Each kind of violation once, by its shortest path. */
  #violate(message: string, index: number): void {
    if (this.#broken.has(message)) return;
    this.#broken.add(message);
    const invariant = message.split(':')[0] ?? '';
    this.#violations.push({ invariant, message, path: this.#pathTo(index) });
  }

  #pathTo(index: number): string[] {
    const names = [...this.#names.keys()];
    const path: string[] = [];
    for (let at = index; at >= 0; at = this.#parents[at] ?? -1)
      path.unshift(names[this.#labels[at] ?? 0] ?? '');
    return path;
  }
}

/** Every state that may follow, `left` events being allowed still. */
export async function* successors(
  scope: ModelScope,
  state: ModelState,
  events: readonly ModelEvent[],
  left: number,
): AsyncGenerator<Step> {
  for (const event of events) {
    if (event.cost > left) continue;
    const next = cloneState(state);
    if (event.apply(next)) yield { label: event.name, cost: event.cost, state: next };
  }
  if (scope.waits === true) yield { label: 'long wait', cost: 0, state: await afterLongWait(scope, state) };
  const amidst = events.filter((event) => event.amidst && event.cost <= left);
  const ask = scope.amidst === 'anything' ? amidst : [];
  const { state: passed, trace } = await afterPass(scope, state, { ask });
  yield { label: 'pass', cost: 0, state: passed, trace };
  if (!hasEffects(trace) || scope.amidst === 'nothing') return;
  const requests = events.filter(({ name }) => name.startsWith('request'));
  for (const { label, cost, disturbance } of disturbancesOf(trace, requests, left)) {
    const disturbed = await afterPass(scope, state, { disturbance });
    yield { label, cost, ...disturbed };
  }
}

/** Longer than repl-timeout and than any bound of the planner's. */
const longWaitMs = 75_000;

async function afterLongWait(scope: ModelScope, state: ModelState): Promise<ModelState> {
  const next = cloneState(state);
  for (let passed = 0; passed < longWaitMs && next.world.violations.length === 0; passed += tickMs) {
    next.world.advance(tickMs);
    await runPass(scope, next);
  }
  return next;
}

const hasEffects = (trace: PassTrace): boolean => trace.points.some(({ kind }) => kind === 'effect');

interface Choice {
  readonly label: string;
  readonly cost: number;
  readonly disturbance: Disturbance;
}

function* disturbancesOf(trace: PassTrace, requests: readonly ModelEvent[], left: number): Generator<Choice> {
  for (const [at, { kind, what, possible }] of trace.points.entries()) {
    const where = `pass, before ${what} (${at})`;
    for (const event of possible)
      yield {
        label: `${where}: ${event.name}`,
        cost: event.cost,
        disturbance: { at, kind: 'event', event },
      };
    if (kind === 'look' || left < 1) continue;
    yield { label: `${where}: kill controller`, cost: 1, disturbance: { at, kind: 'kill' } };
    for (const applied of [true, false])
      yield {
        label: `${where}: answer lost, ${applied ? 'applied' : 'not applied'}`,
        cost: 1,
        disturbance: { at, kind: 'lost', applied },
      };
    yield { label: `${where}: deposed`, cost: 1, disturbance: { at, kind: 'deposed' } };
    if (left < 2) continue;
    for (const event of requests)
      yield {
        label: `${where}: deposed after ${event.name}`,
        cost: 2,
        disturbance: { at, kind: 'deposed', event },
      };
  }
}
