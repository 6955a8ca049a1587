import type { Outcome } from '../../reconcilers/action.ts';
import { announcedClaims, claimName } from './claims.ts';
import type { NoAnswer } from './classify-fault.ts';
import { reasonOfErrorReply, wordsOfErrorReply } from './classify-fault.ts';
import { type Answer, type Answers, type Command, textOf, type Wire } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { type Failure, RedisReason, refused, unknown } from './refusals.ts';

/** A connection that bears the epoch of the last claim, or why nothing may be sent. */
export type Ready = { readonly kind: 'ready'; readonly connection: Wire } | Failure;

/** Where connections come from. */
interface Held {
  get(
    deadline: Deadline,
  ): Promise<{ kind: 'open'; connection: Wire } | { readonly kind: 'none'; readonly view: NoAnswer }>;
}

/**
 * Who may change a node. A claimer first announces its epoch as its connection's name and only then looks who
 * else is announced: it gives way to a higher epoch and ends the connections with a lower one. Of two that
 * race, the lower either looks after the higher has announced itself, and gives way, or has announced itself
 * before the higher looks, and is ended, with every byte that the server has not yet read from it. Once ended
 * it must claim again before it can change anything. The node remembers an epoch only as long as a connection
 * bears it; this object remembers the highest it has met for as long as it lives.
 */
export class EpochClaim {
  readonly #held: Held;
  readonly #connectionName: string;
  #claimed: { readonly epoch: number; readonly connection: Wire } | undefined;
  #highestMet = 0;
  /** Announcements run one after the other, so that an older one cannot overwrite a newer name. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(held: Held, connectionName: string) {
    this.#held = held;
    this.#connectionName = connectionName;
  }

  async claim(epoch: number, deadline: Deadline): Promise<Outcome> {
    if (this.#claimed !== undefined && this.#claimed.epoch !== epoch) this.#claimed = undefined;
    const opened = await this.connected(deadline);
    if (opened.kind !== 'ready') return opened;
    return (await this.#inTurn(opened.connection, epoch, deadline)) ?? { kind: 'done' };
  }

  /** For a mutating call: the last claim is made again first when its connection is gone. */
  async ready(deadline: Deadline): Promise<Ready> {
    if (this.#claimed === undefined)
      return refused(RedisReason.NotClaimed, 'No epoch has been claimed at this node.');
    const opened = await this.connected(deadline);
    if (opened.kind !== 'ready') return opened;
    const claimed = this.#claimed;
    if (claimed === undefined)
      return refused(RedisReason.NotClaimed, 'Another epoch is being claimed at this node.');
    if (claimed.epoch < this.#highestMet) return this.#tooOld(claimed.epoch);
    if (claimed.connection === opened.connection) return opened;
    return (await this.#inTurn(opened.connection, claimed.epoch, deadline)) ?? opened;
  }

  /** The connection as it is, without a claim: to ask something. */
  async connected(deadline: Deadline): Promise<Ready> {
    const opened = await this.#held.get(deadline);
    if (opened.kind === 'open') return { kind: 'ready', connection: opened.connection };
    const why = opened.view;
    const detail = 'detail' in why ? `${why.state}: ${why.detail}` : why.state;
    return refused(RedisReason.NotConnected, `Nothing was sent: there is no connection (${detail}).`);
  }

  async #inTurn(connection: Wire, epoch: number, deadline: Deadline): Promise<Failure | undefined> {
    const mine = this.#turn.then(() => this.#announce(connection, epoch, deadline));
    this.#turn = mine;
    return mine;
  }

  /** Announce, then look, then end the lower ones and look again. Gives nothing when the epoch is claimed. */
  async #announce(connection: Wire, epoch: number, deadline: Deadline): Promise<Failure | undefined> {
    if (epoch < this.#highestMet) return this.#tooOld(epoch);
    const name = claimName(this.#connectionName, epoch);
    let commands: Command[] = [['client', 'SETNAME', name], listClients];
    for (;;) {
      const reply = await connection.run(commands, deadline.left);
      const failure = failureOf(reply);
      if (failure !== undefined) return failure;
      const others = this.#others(reply, connection);
      this.#highestMet = Math.max(this.#highestMet, epoch, ...others.map((other) => other.epoch));
      if (this.#highestMet > epoch) return this.#tooOld(epoch);
      const lower = others.filter((other) => other.epoch < epoch);
      if (lower.length === 0) break;
      commands = [...lower.map(({ clientId }) => ['client', 'KILL', 'ID', clientId] as const), listClients];
    }
    this.#claimed = { epoch, connection };
    return undefined;
  }

  #others(reply: Answers, connection: Wire) {
    const list = reply.kind === 'answered' ? textOf(reply.answers.at(-1)) : '';
    return announcedClaims(list, this.#connectionName).filter(
      (claim) => claim.clientId !== connection.identity.id,
    );
  }

  #tooOld(epoch: number): Failure {
    const message = `Epoch ${epoch} is too old: epoch ${this.#highestMet} has been claimed at this node.`;
    return refused(RedisReason.EpochTooOld, message);
  }
}

const listClients: Command = ['client', 'LIST', 'TYPE', 'normal'];

/** Why not every command was carried out, if so. */
export function failureOf(reply: Answers): Failure | undefined {
  switch (reply.kind) {
    case 'answered': {
      const fault = reply.answers.find((answer) => 'error' in answer);
      return fault === undefined ? undefined : failureOfAnswer(fault);
    }
    case 'notSent':
      return refused(RedisReason.NotConnected, 'Nothing was sent: the connection had ended.');
    case 'late':
      return unknown('No answer came in time; the connection has been ended.');
    case 'lost':
      return unknown('The connection ended before the answer came.');
    case 'garbled':
      return unknown('The answer was not of the Redis protocol.');
  }
}

function failureOfAnswer(answer: Extract<Answer, { error: string }>): Failure {
  return refused(reasonOfErrorReply(answer.error), wordsOfErrorReply(answer.error));
}
