import type {
  Endpoint,
  RedisNodePort,
  ReplicationPosition,
  Reply,
} from '../../controller/ports/redis-node.ts';
import type { Command, Wire } from '../../controller/redis/connection.ts';
import { Deadline } from '../../controller/redis/deadline.ts';
import { EpochClaim, failureOf } from '../../controller/redis/epoch-claim.ts';
import { LastLook } from '../../controller/redis/last-look.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import type { RedisView } from '../../reconcilers/observation.ts';
import type { ClientTerms } from './client-connection.ts';
import { HeldClient } from './client-connection.ts';

/** Deadlines of this machine's own clock mean nothing in simulated time: the connection keeps its own. */
const deadline = (): Deadline => new Deadline(Number.MAX_SAFE_INTEGER);
const done: Outcome = { kind: 'done' };
const snapshotMs = 300;

/** A Redis by simulated messages: the production's EpochClaim, and RedisNode's commands. */
export class SimRedisPort implements RedisNodePort {
  readonly #held: HeldClient;
  readonly #claim: EpochClaim;
  readonly #lastLook = new LastLook();
  readonly #terms: ClientTerms;

  constructor(terms: ClientTerms, nextId: () => number) {
    this.#terms = terms;
    this.#held = new HeldClient(terms, nextId);
    this.#claim = new EpochClaim(this.#held, 'understudy:sim');
  }

  async observe(): Promise<RedisView> {
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const opened = await this.#held.get();
      if (opened.kind === 'none') return opened.view;
      const reply = await opened.connection.run([['look']]);
      if (reply.kind === 'late') return { state: 'silent' };
      const answer = reply.kind === 'answered' ? reply.answers[0] : undefined;
      if (answer === undefined || !('value' in answer)) continue;
      this.#lastLook.over(opened.connection);
      return answer.value as RedisView;
    }
    return { state: 'unusable', detail: 'it closes its connections' };
  }

  claim(epoch: number): Promise<Outcome> {
    return this.#claim.claim(epoch, deadline());
  }

  async position(): Promise<Reply<ReplicationPosition>> {
    const opened = await this.#claim.connected(deadline());
    if (opened.kind !== 'ready') return opened;
    return this.#located(opened.connection, [['info', 'replication']]);
  }

  async pauseWrites(milliseconds: number): Promise<Reply<ReplicationPosition>> {
    const opened = await this.#claim.ready(deadline());
    if (opened.kind !== 'ready') return opened;
    const commands: Command[] = [
      ['client', 'PAUSE', Math.ceil(milliseconds), 'WRITE'],
      ['info', 'replication'],
    ];
    return this.#located(opened.connection, commands);
  }

  resumeWrites(): Promise<Outcome> {
    return this.#change(['client', 'UNPAUSE']);
  }

  follow(primary: Endpoint): Promise<Outcome> {
    return this.#changeRole(['replicaof', primary.host, primary.port]);
  }

  promote(): Promise<Outcome> {
    return this.#changeRole(['replicaof', 'NO', 'ONE']);
  }

  dropClients(): Promise<Outcome> {
    return this.#change(['client', 'KILL', 'TYPE', 'normal']);
  }

  persistConfig(): Promise<Outcome> {
    return this.#change(['config', 'REWRITE']);
  }

  async setConfig(settings: Readonly<Record<string, string>>): Promise<Outcome> {
    for (const [name, value] of Object.entries(settings)) {
      const outcome = await this.#change(['config', 'SET', name, value]);
      if (outcome.kind !== 'done') return outcome;
    }
    return done;
  }

  setReplicationLogin(): Promise<Outcome> {
    return this.#change(['config', 'SET', 'masterauth', '']);
  }

  acceptPassword(): Promise<Outcome> {
    return this.#change(['acl', 'SETUSER']);
  }

  retirePassword(): Promise<Outcome> {
    return this.#change(['acl', 'SETUSER']);
  }

  async snapshot(): Promise<Reply<string>> {
    const outcome = await this.#change(['bgsave']);
    if (outcome.kind !== 'done') return outcome;
    await this.#terms.process.clock.sleep(snapshotMs);
    return { kind: 'done', value: '/var/lib/redis/dump.rdb' };
  }

  onLost(listener: () => void): void {
    this.#held.onLost = listener;
  }

  close(): void {
    this.#held.close();
  }

  abandon(): void {
    this.#held.abandon();
  }

  async #change(command: Command): Promise<Outcome> {
    const opened = await this.#claim.ready(deadline());
    if (opened.kind !== 'ready') return opened;
    return failureOf(await opened.connection.run([command], 500)) ?? done;
  }

  async #changeRole(command: Command): Promise<Outcome> {
    const opened = await this.#claim.ready(deadline());
    if (opened.kind !== 'ready') return opened;
    const refusal = this.#lastLook.refusal(opened.connection);
    return refusal ?? failureOf(await opened.connection.run([command], 500)) ?? done;
  }

  /** The last of the commands asks for the position. */
  async #located(connection: Wire, commands: readonly Command[]): Promise<Reply<ReplicationPosition>> {
    const reply = await connection.run(commands, 500);
    const failure = failureOf(reply);
    if (failure !== undefined) return failure;
    const answer = reply.kind === 'answered' ? reply.answers.at(-1) : undefined;
    if (answer === undefined || !('value' in answer))
      return { kind: 'unknown', reason: 'OutcomeUnknown', message: 'no position' };
    this.#lastLook.over(connection);
    return { kind: 'done', value: answer.value as ReplicationPosition };
  }
}
