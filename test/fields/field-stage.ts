import type { GroupNode } from '../../controller/group-nodes.ts';
import { Observer } from '../../controller/observe.ts';
import type { StoredGroup } from '../../controller/ports/store.ts';
import { reconcilePass } from '../../controller/reconcile-pass.ts';
import { dismissWatch, nodesTakenOut } from '../../controller/retire.ts';
import type { FailoverGroup } from '../../crd/failover-group.ts';
import type { ParsedGroup } from '../../crd/parse.ts';
import type { Status } from '../../crd/status.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import { emptyMemory, type Memory } from '../../reconcilers/memory.ts';
import { Reason } from '../../reconcilers/reasons.ts';
import { ControllerKilled, calm, simClock } from '../world/sim-ports.ts';
import { World } from '../world/world.ts';
import { baseDocument } from './base-document.ts';
import type { Edit } from './document-edit.ts';
import { GroupInForce } from './group-in-force.ts';
import { brokenUnit, type Machines, reachedNodes } from './reached-nodes.ts';

const machineNames = ['a', 'b', 'c', 'd', 'nowhere'];
const unitNames = ['bot-a.service', 'bot-b.service', 'bot-c.service', brokenUnit];
/** What every Redis shows before anybody sets anything (redis.conf). */
const factorySettings = {
  maxmemory: '0',
  'maxmemory-policy': 'noeviction',
  save: '3600 1 300 100 60 10000',
  appendonly: 'no',
  'replica-ignore-disk-write-errors': 'no',
};
const longestSettlingMs = 240_000;
/**
 * So many looks in a row that find nothing to do, with nothing to come: it is at rest. Where something is out of
 * sight, leases run out and are told of.
 */
const quietLooks = { ready: 3, otherwise: 20 };

/** What the machines have been told, and what was copied aside on them. */
type Past = Pick<Machines, 'preserved' | 'told' | 'leases'>;

/** The production pass over a simulated world, fed with documents as a person edits them. */
export class FieldStage {
  readonly world: World;
  readonly #machines: Machines;
  readonly #force: GroupInForce;
  /** Units that were started beside themselves, on machines of the group as it was then. */
  readonly violations: string[] = [];
  status: Status = {};
  statusWrites = 0;
  #memory: Memory = emptyMemory;
  #observer: Observer;
  #connected: FailoverGroup | undefined;
  #wiring = '';
  #nodes: ReadonlyMap<string, GroupNode> = new Map();

  private constructor(world: World, force: GroupInForce, past: Past) {
    this.world = world;
    this.#force = force;
    const { preserved, told, leases } = past;
    const machines = { preserved: [...preserved], told: new Map(told), leases: new Map(leases) };
    this.#machines = { world, meddling: calm(), ...machines };
    this.#observer = new Observer(simClock(world));
  }

  /** Servers as they were installed, and no document yet. `known`: what was parsed before, by any stage. */
  static fresh(known: Map<string, ParsedGroup>): FieldStage {
    const world = new World(machineNames, unitNames);
    for (const redis of world.redis.values()) {
      redis.config = { ...redis.config, ...factorySettings };
      redis.savedConfig = { ...redis.config };
    }
    world.power('nowhere', false);
    const nothing = { preserved: [], told: new Map(), leases: new Map() };
    return new FieldStage(world, new GroupInForce(known), nothing);
  }

  /** The same stage once more, its effects not yet counted. */
  copy(): FieldStage {
    const copy = new FieldStage(this.world.copy(), this.#force.copy(), this.#machines);
    copy.status = this.status;
    copy.violations.push(...this.violations);
    copy.#memory = this.#memory;
    copy.#connected = this.#connected;
    copy.#wiring = this.#wiring;
    if (this.#connected !== undefined) copy.#nodes = reachedNodes(this.#connected, copy.#machines);
    return copy;
  }

  get effects(): readonly string[] {
    return this.#machines.meddling.effects;
  }

  get preserved(): number {
    return this.#machines.preserved.length;
  }

  get spec(): FailoverGroup['spec'] {
    return this.#inForce().spec;
  }

  /** The base document with these edits, as the newest document; what a store says of it. */
  take(edits: readonly Edit[]): ParsedGroup {
    const document = baseDocument();
    for (const edit of edits) edit(document, this.status.epoch ?? 0);
    return this.#force.take(document);
  }

  /** Whether writes stand still anywhere. */
  isHeldUp(): boolean {
    return [...this.world.redis.values()].some(({ pausedUntil }) => pausedUntil > this.world.now);
  }

  /** The controller's process is another one. */
  restart(): void {
    this.#memory = emptyMemory;
    this.#connected = undefined;
    this.#wiring = '';
    this.killAfter(undefined);
  }

  /** The controller dies after so many more effects, at whatever it is; the next one knows what is on record. */
  killAfter(effects: number | undefined): void {
    this.#machines.meddling.killAfter = effects;
  }

  #inForce(): FailoverGroup {
    const { group } = this.#force;
    if (group === undefined) throw new Error('no document is in force');
    return group;
  }

  #stored(): StoredGroup {
    const group = this.#inForce();
    return {
      key: 'fields',
      group: { ...group, metadata: { ...group.metadata, generation: this.#force.generation } },
      status: this.status,
      version: '',
    };
  }

  /** As the controller does it: other nodes, units or logins are other connections (controller.ts, wiringOf). */
  async #connect(group: FailoverGroup): Promise<void> {
    const earlier = this.#connected;
    if (earlier === group) return;
    this.#connected = group;
    // controller.ts does the same (#hold), without waiting for it.
    for (const name of earlier === undefined ? [] : nodesTakenOut(earlier, group)) {
      const node = this.#nodes.get(name);
      if (node !== undefined) await dismissWatch(node, this.status.epoch ?? 0);
    }
    const { nodes, redis, ssh, units, failover } = group.spec;
    const wiring = JSON.stringify([nodes, redis, ssh, units, failover.leaseSeconds]);
    if (wiring === this.#wiring) return;
    this.#wiring = wiring;
    this.#nodes = reachedNodes(group, this.#machines);
    this.#observer = new Observer(simClock(this.world));
  }

  /** One pass; how long (ms) until the next one is due. */
  async pass(): Promise<{ result: 'acted' | 'failed' | 'idle' | 'killed'; lookAgainInMs?: number }> {
    const passed = await this.#pass();
    // Of a machine that was taken out with a unit still running there nothing is known.
    const machines = this.spec.nodes.map(({ redis }) => redis.host.replace(/-too$/, ''));
    for (const violation of this.world.violations.splice(0))
      if (machines.some((machine) => violation.endsWith(`runs on ${machine}`)))
        this.violations.push(violation);
    return passed;
  }

  async #pass(): Promise<{ result: 'acted' | 'failed' | 'idle' | 'killed'; lookAgainInMs?: number }> {
    const stored = this.#stored();
    await this.#connect(this.#inForce());
    const { problem } = this.#force;
    try {
      const { memory, ...rest } = await reconcilePass(
        {
          nodes: this.#nodes,
          observer: this.#observer,
          clock: simClock(this.world),
          commandTimeoutMs: 500,
          store: { get: () => this.#stored(), writeStatus: async (_key, status) => this.#write(status) },
          problem: problem === undefined ? undefined : { reason: Reason.SpecInvalid, message: problem },
          tell: () => undefined,
        },
        stored,
        this.#memory,
      );
      this.#memory = memory;
      return rest;
    } catch (error) {
      if (!(error instanceof ControllerKilled)) throw error;
      this.restart();
      return { result: 'killed' };
    }
  }

  #write(status: Status): Outcome {
    const { meddling } = this.#machines;
    if (meddling.killAfter === 0) throw new ControllerKilled();
    this.status = status;
    this.statusWrites += 1;
    return { kind: 'done' };
  }

  /** Goes on for so long (ms of the world), looking as the loop does; `each` after every pass. */
  async run(milliseconds: number, each: () => void = () => undefined): Promise<void> {
    const end = this.world.now + milliseconds;
    while (this.world.now < end) {
      await this.step();
      each();
    }
  }

  /** One pass and the pause after it; true when nothing was done and nothing is to come. */
  async step(): Promise<boolean> {
    const before = this.statusWrites;
    const { result, lookAgainInMs } = await this.pass();
    const isIdle = result === 'idle' && this.statusWrites === before;
    const pause = result === 'idle' ? Math.min(lookAgainInMs ?? 1000, 1000) : result === 'failed' ? 1000 : 1;
    this.world.advance(Math.max(1, pause));
    return isIdle && lookAgainInMs === undefined;
  }

  /** Until the controller has died after so many effects, or there were not so many. */
  async runUntilKilled(effects: number): Promise<void> {
    this.killAfter(effects);
    for (let passes = 0; passes < 5; passes += 1) {
      const { result } = await this.pass();
      this.world.advance(1);
      if (result === 'killed') return;
    }
    this.killAfter(undefined);
  }

  /** Until nothing is done and nothing is to come; false when that is not so after minutes. */
  async settle(): Promise<boolean> {
    const end = this.world.now + longestSettlingMs;
    for (let quiet = 0; this.world.now < end; ) {
      quiet = (await this.step()) ? quiet + 1 : 0;
      const isReady = this.status.conditions?.every(
        ({ type, status }) => status === (type === 'Paused' ? 'False' : 'True'),
      );
      if (quiet >= (isReady === true ? quietLooks.ready : quietLooks.otherwise)) return true;
    }
    return false;
  }
}
