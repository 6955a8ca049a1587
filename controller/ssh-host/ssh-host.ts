import type { Outcome } from '../../reconcilers/action.ts';
import type { HostView } from '../../reconcilers/observation.ts';
import type { HostPort, LeaseTerms } from '../ports/host.ts';
import type { Reply } from '../ports/redis-node.ts';
import { Deadline } from '../redis/deadline.ts';
import { NodeCommands } from './node-commands.ts';
import type { ScriptCall } from './node-script.ts';
import { NodeWitness, type WitnessOptions } from './node-witness.ts';
import { isEpoch, isPlainPath, isUnitName } from './script-words.ts';
import { SshConnection } from './ssh-connection.ts';
import type { SshLogin } from './ssh-login.ts';

export interface SshHostOptions extends WitnessOptions {
  readonly login: SshLogin;
}

/** How long (s) the host may take; units have their own time to stop, and another order may have to end before. */
const limits = { start: 15, stop: 15, copy: 600 } as const;
/**
 * An order that has not begun there after so long (s) is refused by the node: its controller may have been stopped
 * and been followed by another. Less than what a leader's lease has left when it sends one.
 */
const orderSeconds = 3;
/** What the way there and back may take (ms) beyond that. */
const wayMs = 2_500;

/** A machine with systemd, reached by SSH; everything there is done by deploy/understudy-node. */
export class SshHost implements HostPort {
  readonly #options: SshHostOptions;
  readonly #connection: SshConnection;
  readonly #commands: NodeCommands;
  readonly #witness: NodeWitness;

  constructor(options: SshHostOptions) {
    const { login, script } = options;
    this.#options = options;
    this.#connection = new SshConnection(login);
    this.#commands = new NodeCommands(this.#connection, script, login.user);
    this.#witness = new NodeWitness(this.#commands, options);
  }

  async observe(lease?: LeaseTerms): Promise<HostView> {
    return this.#witness.look(lease);
  }

  async startUnits(units: readonly string[], epoch: number): Promise<Outcome> {
    return this.#overUnits('start', units, epoch, limits.start);
  }

  async stopUnits(units: readonly string[], epoch: number): Promise<Outcome> {
    return this.#overUnits('stop', [...new Set(units)], epoch, limits.stop);
  }

  async stopRedis(epoch: number): Promise<Outcome> {
    return this.#overUnits('stop-redis', [this.#options.redisUnit], epoch, limits.stop);
  }

  async startRedis(epoch: number): Promise<Outcome> {
    return this.#overUnits('start-redis', [this.#options.redisUnit], epoch, limits.start);
  }

  async copyAside(
    path: string,
    epoch: number,
    keep: number,
  ): Promise<Reply<{ path: string; bytes: number }>> {
    if (!isPlainPath(path))
      return refused('PreserveImpossible', `${path}: letters, digits and . _ / @ + - only can be copied.`);
    const words = [String(Math.max(keep, 1)), path];
    const reply = await this.#order('copy', epoch, words, limits.copy);
    if (reply.kind !== 'done') return reply;
    const copied = reply.value
      .map((line) => /^copy (\d+) (\/.+)$/.exec(line))
      .find((match) => match !== null);
    if (copied === undefined)
      return { kind: 'unknown', reason: 'OutcomeUnknown', message: `${path}: no copy was told of.` };
    return { kind: 'done', value: { path: copied[2] ?? '', bytes: Number(copied[1]) } };
  }

  /** Called when the held connection ends: what the host does by itself it tells only when it is asked. */
  onChange(listener: () => void): void {
    this.#connection.onLost(listener);
  }

  close(): void {
    this.#connection.close();
  }

  async #overUnits(
    verb: string,
    units: readonly string[],
    epoch: number,
    limitSeconds: number,
  ): Promise<Outcome> {
    const bad = units.find((unit) => !isUnitName(unit));
    if (bad !== undefined) return refused('UnitInvalid', `${JSON.stringify(bad)} is no name of a service.`);
    if (units.length === 0) return { kind: 'done' };
    const reply = await this.#order(verb, epoch, units, limitSeconds);
    return reply.kind === 'done' ? { kind: 'done' } : reply;
  }

  async #order(
    verb: string,
    epoch: number,
    words: readonly string[],
    limitSeconds: number,
  ): Promise<Reply<readonly string[]>> {
    if (!isEpoch(epoch)) return refused('EpochTooOld', `${epoch} is no epoch.`);
    const until = await this.#witness.until(orderSeconds);
    const under = until === undefined ? String(epoch) : `${epoch}/${until}`;
    const call: ScriptCall = { verb, words: [this.#options.group, under, ...words], limitSeconds };
    const asked = await this.#commands.ask(call, new Deadline(limitSeconds * 1000 + wayMs));
    const { name } = this.#connection;
    if ('state' in asked)
      return asked.state === 'unusable'
        ? refused('HostUnusable', asked.detail)
        : { kind: 'unknown', reason: 'OutcomeUnknown', message: asked.detail };
    const { reply } = asked;
    // Not done, and no refusal of what was asked either: whoever still wants it looks again.
    if (reply.kind === 'refused' && reply.reason === 'TooLate')
      return { kind: 'unknown', reason: 'OutcomeUnknown', message: `${name}: ${reply.message}` };
    return reply.kind === 'done' ? reply : { ...reply, message: `${name}: ${reply.message}` };
  }
}

const refused = (reason: string, message: string): Exclude<Outcome, { kind: 'done' }> => ({
  kind: 'refused',
  reason,
  message,
});
