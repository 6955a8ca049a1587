import type { Outcome } from '../../reconcilers/action.ts';
import type { RedisView } from '../../reconcilers/observation.ts';
import type { Endpoint, RedisNodePort, ReplicationPosition, Reply } from '../ports/redis-node.ts';
import { type Answer, type Command, type Connection, garbledView, textOf } from './connection.ts';
import { Deadline } from './deadline.ts';
import { EpochClaim, failureOf } from './epoch-claim.ts';
import { HeldConnection } from './held-connection.ts';
import { parseInfo, positionOfInfo } from './info.ts';
import { LastLook } from './last-look.ts';
import { Look, takesSeveralNames } from './look.ts';
import { isWithoutAclFile, NodePassword } from './node-password.ts';
import { defaultTimeoutMs, type RedisNodeOptions } from './options.ts';
import { RedisReason, refused } from './refusals.ts';
import { ReplicationLogin } from './replication-login.ts';
import { takeSnapshot } from './snapshot.ts';

/**
 * A Redis server (6.2 or later) over one held connection. No call rejects. A call that changes something takes
 * at most `commandTimeoutMs`, a new connection and a repeated claim included; it is sent once and never again.
 * Outcomes give a reason of RedisReason; `refused` with NotConnected or NotClaimed means that nothing was sent.
 */
export class RedisNode implements RedisNodePort {
  readonly #held: HeldConnection;
  readonly #claim: EpochClaim;
  readonly #lastLook = new LastLook();
  readonly #commandTimeoutMs: number;
  readonly #connectTimeoutMs: number;
  readonly #look: Look;
  readonly #login: ReplicationLogin | undefined;
  readonly #password: NodePassword | undefined;
  /** The connection whose server is known to take several names to a command. */
  #terse: Connection | undefined;

  constructor(options: RedisNodeOptions) {
    this.#held = new HeldConnection(options);
    this.#claim = new EpochClaim(this.#held, options.connectionName);
    this.#commandTimeoutMs = options.commandTimeoutMs ?? defaultTimeoutMs;
    this.#connectTimeoutMs = options.connectTimeoutMs ?? defaultTimeoutMs;
    const { password, formerPassword, username } = options;
    this.#login = password === undefined ? undefined : new ReplicationLogin(username ?? '', password);
    this.#password =
      password === undefined ? undefined : new NodePassword(username, password, formerPassword);
    this.#look = new Look(options.managedSettings, this.#password);
  }

  /** One round trip over the held connection. A connection that ends under it is made again, and asked again. */
  async observe(): Promise<RedisView> {
    const deadline = new Deadline(this.#connectTimeoutMs + this.#commandTimeoutMs);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const opened = await this.#held.get(deadline);
      if (opened.kind === 'none') return opened.view;
      const timeoutMs = Math.min(this.#commandTimeoutMs, deadline.left);
      const { connection } = opened;
      const terse = this.#terse === connection;
      const reply = await connection.run(this.#look.commands(terse), timeoutMs);
      if (reply.kind === 'answered') {
        this.#lastLook.over(connection);
        if (!terse && takesSeveralNames(reply.answers)) this.#terse = connection;
        return this.#look.view(reply.answers, this.#login, {
          passwordAsked: this.#password?.question !== undefined,
          password: this.#password?.standing(reply.answers, connection.isFormer),
        });
      }
      if (reply.kind === 'late') return { state: 'silent' };
      if (reply.kind === 'garbled') return garbledView;
    }
    return { state: 'unusable', detail: 'it closes its connections' };
  }

  claim(epoch: number): Promise<Outcome> {
    return this.#claim.claim(epoch, new Deadline(this.#commandTimeoutMs));
  }

  async position(): Promise<Reply<ReplicationPosition>> {
    const deadline = new Deadline(this.#commandTimeoutMs);
    const opened = await this.#claim.connected(deadline);
    if (opened.kind !== 'ready') return opened;
    const reply = await opened.connection.run([['info', 'replication']], deadline.left);
    const failure = failureOf(reply);
    if (failure !== undefined) return failure;
    this.#lastLook.over(opened.connection);
    return positionIn(reply.kind === 'answered' ? reply.answers[0] : undefined);
  }

  async pauseWrites(milliseconds: number): Promise<Reply<ReplicationPosition>> {
    const pause: Command = ['client', 'PAUSE', Math.ceil(milliseconds), 'WRITE'];
    const reply = await this.#send([pause, ['info', 'replication']], 'looksAtIt');
    return reply.kind === 'done' ? positionIn(reply.value[1]) : reply;
  }

  resumeWrites(): Promise<Outcome> {
    return this.#change(['client', 'UNPAUSE']);
  }

  follow(primary: Endpoint): Promise<Outcome> {
    return this.#changeRole(primary.host, primary.port);
  }

  promote(): Promise<Outcome> {
    return this.#changeRole('NO', 'ONE');
  }

  dropClients(): Promise<Outcome> {
    return this.#change(
      ['client', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'],
      ['client', 'KILL', 'TYPE', 'pubsub'],
    );
  }

  persistConfig(): Promise<Outcome> {
    return this.#change(['config', 'REWRITE']);
  }

  /** One CONFIG SET after the other, up to the first that is refused: 6.2 takes no more than one pair. */
  async setConfig(settings: Readonly<Record<string, string>>): Promise<Outcome> {
    for (const [name, value] of Object.entries(settings)) {
      const outcome = await this.#change(['config', 'SET', name, value]);
      if (outcome.kind !== 'done') return { ...outcome, message: `${name}: ${outcome.message}` };
    }
    return { kind: 'done' };
  }

  /** CONFIG SET masterauth and masteruser; what a server says of a refusal is told without the secret. */
  async setReplicationLogin(): Promise<Outcome> {
    const login = this.#login;
    if (login === undefined)
      return refused(RedisReason.InvalidSetting, 'spec.redis.auth gives no password to set.');
    for (const [name, value] of Object.entries(login.settings())) {
      const outcome = await this.#change(['config', 'SET', name, value]);
      if (outcome.kind !== 'done')
        return { ...outcome, message: `${name}: ${login.redact(outcome.message)}` };
    }
    return { kind: 'done' };
  }

  async acceptPassword(): Promise<Outcome> {
    const password = this.#password;
    if (password === undefined) return noPassword;
    const outcome = await this.#changePassword(password, password.acceptCommands());
    if (outcome.kind !== 'done') return outcome;
    const opened = await this.#claim.connected(new Deadline(this.#commandTimeoutMs));
    if (opened.kind !== 'ready' || !opened.connection.isFormer) return outcome;
    const login = await this.#change(password.loginCommand());
    if (login.kind === 'done') opened.connection.isFormer = false;
    return redacted(login, password);
  }

  async retirePassword(): Promise<Outcome> {
    const password = this.#password;
    if (password === undefined) return noPassword;
    const found = await this.#answerTo(password.inventory);
    if (found.kind !== 'done') return redacted(found, password);
    return this.#changePassword(password, password.retireCommands(found.value));
  }

  snapshot(timeoutMs: number): Promise<Reply<string>> {
    return takeSnapshot((commands) => this.#send(commands), new Deadline(timeoutMs));
  }

  onLost(listener: () => void): void {
    this.#held.onLost(listener);
  }

  close(): void {
    this.#held.close();
  }

  /** Where users are kept in a file of their own, that is written too; where they are not, CONFIG REWRITE does it. */
  async #changePassword(password: NodePassword, commands: readonly Command[]): Promise<Outcome> {
    if (commands.length === 0) return { kind: 'done' };
    const changed = await this.#change(...commands);
    if (changed.kind !== 'done') return redacted(changed, password);
    const saved = await this.#answerTo(['acl', 'SAVE']);
    if (saved.kind !== 'done') return redacted(saved, password);
    if (!('error' in saved.value) || isWithoutAclFile(saved.value)) return changed;
    return refused(RedisReason.CommandRefused, password.redact(saved.value.error));
  }

  /** As `#send`, but an error reply is an answer. */
  async #answerTo(command: Command): Promise<Reply<Answer>> {
    const deadline = new Deadline(this.#commandTimeoutMs);
    const ready = await this.#claim.ready(deadline);
    if (ready.kind !== 'ready') return ready;
    const reply = await ready.connection.run([command], deadline.left);
    const [answer] = reply.kind === 'answered' ? reply.answers : [];
    return answer === undefined ? (failureOf(reply) ?? noPassword) : { kind: 'done', value: answer };
  }

  async #changeRole(host: string, port: string | number): Promise<Outcome> {
    const reply = await this.#send([['replicaof', host, port]], 'onlyAsLookedAt');
    return reply.kind === 'done' ? { kind: 'done' } : reply;
  }

  async #change(...commands: readonly Command[]): Promise<Outcome> {
    const reply = await this.#send(commands);
    return reply.kind === 'done' ? { kind: 'done' } : reply;
  }

  async #send(
    commands: readonly Command[],
    how?: 'looksAtIt' | 'onlyAsLookedAt',
  ): Promise<Reply<readonly Answer[]>> {
    const deadline = new Deadline(this.#commandTimeoutMs);
    const ready = await this.#claim.ready(deadline);
    if (ready.kind !== 'ready') return ready;
    const refusal = how === 'onlyAsLookedAt' ? this.#lastLook.refusal(ready.connection) : undefined;
    if (refusal !== undefined) return refusal;
    const reply = await ready.connection.run(commands, deadline.left);
    const failure = failureOf(reply);
    if (failure !== undefined) return failure;
    if (how === 'looksAtIt') this.#lastLook.over(ready.connection);
    return { kind: 'done', value: reply.kind === 'answered' ? reply.answers : [] };
  }
}

const noPassword = refused(RedisReason.InvalidSetting, 'spec.redis.auth gives no password to set.');

/** What a server says of a refusal is told without the secrets. */
function redacted(outcome: Outcome | Reply<unknown>, password: NodePassword): Outcome {
  if (outcome.kind === 'done') return { kind: 'done' };
  return { ...outcome, message: password.redact(outcome.message) };
}

function positionIn(answer: Answer | undefined): Reply<ReplicationPosition> {
  const value = positionOfInfo(parseInfo(textOf(answer)));
  if (value !== undefined) return { kind: 'done', value };
  return refused(RedisReason.CommandRefused, 'Its INFO does not tell where it stands.');
}
