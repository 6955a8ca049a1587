import type {
  Endpoint,
  RedisNodePort,
  ReplicationPosition,
  Reply,
} from '../../controller/ports/redis-node.ts';
import type { Command } from '../../controller/redis/connection.ts';
import { Deadline } from '../../controller/redis/deadline.ts';
import { EpochClaim, failureOf } from '../../controller/redis/epoch-claim.ts';
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
      if (answer !== undefined && 'value' in answer) return answer.value as RedisView;
    }
    return { state: 'unusable', detail: 'it closes its connections' };
  }

  claim(epoch: number): Promise<Outcome> {
    return this.#claim.claim(epoch, deadline());
  }

  async position(): Promise<Reply<ReplicationPosition>> {
    const opened = await this.#claim.connected(deadline());
    if (opened.kind !== 'ready') return opened;
    return located(await opened.connection.run([['info', 'replication']], 500), 0);
  }

  async pauseWrites(milliseconds: number): Promise<Reply<ReplicationPosition>> {
    const opened = await this.#claim.ready(deadline());
    if (opened.kind !== 'ready') return opened;
    const commands: Command[] = [
      ['client', 'PAUSE', Math.ceil(milliseconds), 'WRITE'],
      ['info', 'replication'],
    ];
    return located(await opened.connection.run(commands, 500), 1);
  }

  resumeWrites(): Promise<Outcome> {
    return this.#change(['client', 'UNPAUSE']);
  }

  follow(primary: Endpoint): Promise<Outcome> {
    return this.#change(['replicaof', primary.host, primary.port]);
  }

  promote(): Promise<Outcome> {
    return this.#change(['replicaof', 'NO', 'ONE']);
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
}

function located(
  reply: Awaited<ReturnType<import('../../controller/redis/connection.ts').Wire['run']>>,
  at: number,
): Reply<ReplicationPosition> {
  const failure = failureOf(reply);
  if (failure !== undefined) return failure;
  const answer = reply.kind === 'answered' ? reply.answers[at] : undefined;
  if (answer === undefined || !('value' in answer))
    return { kind: 'unknown', reason: 'OutcomeUnknown', message: 'no position' };
  return { kind: 'done', value: answer.value as ReplicationPosition };
}
