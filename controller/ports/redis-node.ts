import type { Outcome } from '../../reconcilers/action.ts';
import type { RedisView } from '../../reconcilers/observation.ts';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A reply to a question, or why there is none. Nothing here rejects: a fault is a value. */
export type Reply<T> = { readonly kind: 'done'; readonly value: T } | Exclude<Outcome, { kind: 'done' }>;

/** Where a node stands in a replication history. */
export interface ReplicationPosition {
  readonly role: 'primary' | 'replica';
  readonly replicationId: string;
  readonly offset: number;
}

/**
 * One Redis server over one held connection. Every mutating call is preceded by `claim`: the connection
 * announces its epoch, refuses when a higher one is announced there, and ends connections with a lower one.
 */
export interface RedisNodePort {
  /** Looks once; connects first when there is no connection. Never rejects; bounded by the adapter's timeouts. */
  observe(): Promise<RedisView>;
  claim(epoch: number): Promise<Outcome>;
  position(): Promise<Reply<ReplicationPosition>>;
  /** CLIENT PAUSE ms WRITE, and where the node then stands: one round trip, since writes stand still meanwhile. */
  pauseWrites(milliseconds: number): Promise<Reply<ReplicationPosition>>;
  /** CLIENT UNPAUSE */
  resumeWrites(): Promise<Outcome>;
  /** REPLICAOF host port; refused over another connection than that of the last look, as `promote` is. */
  follow(primary: Endpoint): Promise<Outcome>;
  /** REPLICAOF NO ONE; refused over another connection than that of the last look: behind it a server may have restarted. */
  promote(): Promise<Outcome>;
  /** CLIENT KILL TYPE normal, then TYPE pubsub; the calling connection stays. */
  dropClients(): Promise<Outcome>;
  /** CONFIG REWRITE; refused with reason NoConfigFile when the server was started without one. */
  persistConfig(): Promise<Outcome>;
  /** Sets masterauth and masteruser to the group's login; the secret stays in the adapter. */
  setReplicationLogin(): Promise<Outcome>;
  /** Makes the node take the group's password beside the one before (ACL SETUSER), and logs in with it. */
  acceptPassword(): Promise<Outcome>;
  /** Makes the group's password the only one that the node takes (requirepass, or the ACL user's passwords). */
  retirePassword(): Promise<Outcome>;
  setConfig(settings: Readonly<Record<string, string>>): Promise<Outcome>;
  /** Writes a fresh snapshot (BGSAVE) and waits for it, at most `timeoutMs`; value: the snapshot's path on the node. */
  snapshot(timeoutMs: number): Promise<Reply<string>>;
  /** Called when the held connection ends: the fastest sign of a death. */
  onLost(listener: () => void): void;
  close(): void;
}
