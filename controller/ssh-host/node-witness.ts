import type { HostView, LeaseView } from '../../reconcilers/observation.ts';
import type { LeaseTerms } from '../ports/host.ts';
import { Deadline } from '../redis/deadline.ts';
import { type LeaseOptions, type LeaseOrder, leaseOrder } from './lease-order.ts';
import type { NodeCommands } from './node-commands.ts';
import { type NodeLook, nodeLook } from './node-look.ts';
import type { NodeScript } from './node-script.ts';
import { NodeTime } from './node-time.ts';
import { isEpoch } from './script-words.ts';
import type { Unreached } from './ssh-login.ts';

export interface WitnessOptions {
  readonly script: NodeScript;
  /** Name of the group: what the host keeps for it is kept under this name. */
  readonly group: string;
  readonly units: readonly string[];
  /** The unit that runs Redis. */
  readonly redisUnit: string;
  /** Without it no watch is armed on the node. */
  readonly lease?: LeaseOptions;
  /** A look ends after this (ms) at the latest, whatever the host does; absent: 1.4 s. */
  readonly lookMs?: number;
}

const usualLookMs = 1_400;
const scriptSeconds = 2;

/** A renewal that was asked for, and when: it lasts from then, not from when it gets there. */
interface Renewal {
  readonly terms: LeaseTerms;
  readonly askedAt: number;
  readonly order: LeaseOrder;
}

/** Looks at a node by its script, and keeps the node's lease in the same breath. */
export class NodeWitness {
  readonly #commands: NodeCommands;
  readonly #options: WitnessOptions;
  readonly #order: LeaseOrder | undefined;
  readonly #time = new NodeTime();
  /** The password is not part of the terms: a watch that somebody else armed may have an older one. */
  #isToldByUs = false;

  constructor(commands: NodeCommands, options: WitnessOptions) {
    this.#commands = commands;
    this.#options = options;
    const { lease, units, script } = options;
    this.#order = lease === undefined ? undefined : leaseOrder(lease, units, script.version);
  }

  /** Never rejects; ends within `lookMs`. */
  async look(terms: LeaseTerms | undefined): Promise<HostView> {
    const deadline = new Deadline(this.#options.lookMs ?? usualLookMs);
    const askedAt = performance.now();
    const order = this.#order;
    const renewal =
      terms === undefined || terms.seconds === 0 || order === undefined || !isEpoch(terms.epoch)
        ? undefined
        : { terms, askedAt, order };
    const first = await this.#ask(renewal, deadline);
    if ('state' in first)
      return first.state === 'silent' ? { state: 'silent' } : { state: 'unusable', detail: first.detail };
    if (terms?.seconds === 0 && first.look.lease.state !== 'absent')
      return this.#view(
        first.look,
        (await this.#disarm(terms, deadline)) ? { state: 'absent' } : first.look.lease,
      );
    if (renewal === undefined) return this.#view(first.look, first.look.lease);
    const { lease } = first.look;
    if (lease.state === 'absent' || lease.terms !== renewal.order.terms || !this.#isToldByUs) {
      const isArmed = await this.#arm(renewal, deadline);
      return this.#view(first.look, isArmed ? { state: 'armed' } : lease);
    }
    if (first.isRenewed) return this.#view(first.look, lease);
    // Nothing was known of the node's time until now.
    const second = await this.#ask(renewal, deadline);
    const { look } = 'state' in second ? first : second;
    return this.#view(look, look.lease);
  }

  /**
   * The node's uptime `seconds` from now and its boot id, as `UNTIL/BOOT`: an order that bears it is refused there
   * afterwards. Looks first when the last look is too long ago; undefined when that brings nothing.
   */
  async until(seconds: number): Promise<string | undefined> {
    const from = performance.now();
    const known = this.#time.after(from, seconds);
    if (known === undefined) await this.look(undefined);
    const time = known ?? this.#time.after(from, seconds);
    return time === undefined ? undefined : `${time.until}/${time.bootId}`;
  }

  async #ask(
    renewal: Renewal | undefined,
    deadline: Deadline,
  ): Promise<{ readonly look: NodeLook; readonly isRenewed: boolean } | Unreached> {
    const { group, redisUnit, units } = this.#options;
    const names = [redisUnit, ...units];
    const until = renewal && this.#time.after(renewal.askedAt, renewal.terms.seconds);
    const lease =
      renewal === undefined || until === undefined
        ? []
        : ['--lease', until.until, until.bootId, String(renewal.terms.epoch)];
    const call = { verb: 'observe', words: [group, ...names, ...lease], limitSeconds: scriptSeconds };
    const asked = await this.#commands.ask(call, deadline);
    if ('state' in asked) return asked;
    const { ran, reply } = asked;
    if (ran.kind === 'lost') return { state: 'silent', detail: ran.detail };
    if (reply.kind !== 'done') return { state: 'unusable', detail: `Its node script: ${reply.message}` };
    const look = nodeLook(reply.value, names);
    if (look === undefined) return { state: 'unusable', detail: 'Its node script gave half an answer.' };
    this.#time.note(look.bootId, look.uptime, ran);
    return { look, isRenewed: lease.length > 0 };
  }

  /** Starts the node's watch, or tells it the present terms. */
  async #arm({ terms, askedAt, order }: Renewal, deadline: Deadline): Promise<boolean> {
    const time = this.#time.after(askedAt, terms.seconds);
    if (time === undefined) return false;
    const { group } = this.#options;
    const words = [group, String(terms.epoch), time.until, time.bootId, order.terms, ...order.words];
    const call = { verb: 'arm', words, input: order.input, limitSeconds: scriptSeconds };
    const asked = await this.#commands.ask(call, deadline);
    if ('state' in asked || asked.reply.kind !== 'done') return false;
    this.#isToldByUs = true;
    return true;
  }

  /** The group does without leases from now on: a watch that nobody renews would end its units. */
  async #disarm({ epoch }: LeaseTerms, deadline: Deadline): Promise<boolean> {
    const call = { verb: 'disarm', words: [this.#options.group, String(epoch)], limitSeconds: scriptSeconds };
    const asked = await this.#commands.ask(call, deadline);
    return !('state' in asked) && asked.reply.kind === 'done';
  }

  #view(look: NodeLook, { state }: LeaseView): HostView {
    const { bootId, epoch, freeDiskBytes, redisUnit, units } = look;
    return {
      state: 'answers',
      bootId,
      ...(redisUnit === undefined ? {} : { redisUnit }),
      units,
      epoch,
      ...(freeDiskBytes === undefined ? {} : { freeDiskBytes }),
      ...(this.#order === undefined && state === 'absent' ? {} : { lease: { state } }),
    };
  }
}
