/**
 * What one look at the world brought back. Wire names and encodings are gone: adapters translate them.
 * Times are milliseconds of the controller's own clock (`now`), sizes bytes.
 */

/** The seconds-old picture of one replica that a primary reports (INFO replication, `slaveN:`). */
export interface AttachedReplica {
  readonly host: string;
  readonly port: number;
  readonly state: 'online' | 'syncing';
  readonly offset: number;
  readonly lagSeconds: number;
}

/** What every answering Redis says of its data. Offsets compare only within one replication id. */
export interface RedisData {
  readonly runId: string;
  readonly replicationId: string;
  /** The history it continued from (`master_replid2`), or undefined when there is none. */
  readonly previousReplicationId?: string;
  /** The first offset that does NOT belong to previousReplicationId (`second_repl_offset`). */
  readonly previousEndOffset?: number;
  readonly offset: number;
  readonly keys: number;
  readonly usedMemoryBytes: number;
  /** Size of the append-only file, when one is kept. */
  readonly aofBytes?: number;
  /** Whether the last write to disk failed (`rdb_last_bgsave_status`, `aof_last_write_status`, MISCONF). */
  readonly diskFailing: boolean;
  /** Current values of the settings that the controller asked for. */
  readonly config: Readonly<Record<string, string>>;
  /**
   * Whether it would log in to a primary with the group's password (masterauth, masteruser). undefined: the
   * group has no password, or the server does not say.
   */
  readonly replicationLogin?: 'right' | 'wrong';
  /**
   * Where it stands in a rotation of the group's password. former: it refuses the present one and takes the one
   * before; accepted: it takes the present one beside others; only: it takes the present one alone. undefined:
   * the group has no password, or the server does not say.
   */
  readonly password?: 'former' | 'accepted' | 'only';
  /** Another failover agent (a Sentinel) watches this Redis. */
  readonly otherAgent: boolean;
  /** `replica-priority`: 0 means never to be promoted. */
  readonly priority: number;
}

export interface PrimaryView extends RedisData {
  readonly state: 'answers';
  readonly role: 'primary';
  readonly replicas: readonly AttachedReplica[];
}

export interface ReplicaView extends RedisData {
  readonly state: 'answers';
  readonly role: 'replica';
  readonly of: { readonly host: string; readonly port: number };
  readonly link: 'up' | 'down' | 'syncing';
  /** Seconds since it last heard its primary (`master_last_io_seconds_ago`); undefined when it never did. */
  readonly lastIoSeconds?: number;
  /** Seconds since the link went down (`master_link_down_since_seconds`); undefined while up or never up. */
  readonly linkDownSeconds?: number;
}

/** Whom a replica follows, in one word. */
export const addressOf = ({ of }: ReplicaView): string => `${of.host}:${of.port}`;

export type RedisView =
  | PrimaryView
  | ReplicaView
  /** Nothing listens on the port (refused, or closed and refused again). */
  | { readonly state: 'refused' }
  /** No answer in time; the port may be open. */
  | { readonly state: 'silent' }
  | { readonly state: 'loading' }
  | { readonly state: 'unauthorised'; readonly detail: string }
  /** It answers, but with something that we cannot use (an unknown version, a proxy, a protocol error). */
  | { readonly state: 'unusable'; readonly detail: string };

export type UnitState = 'running' | 'starting' | 'stopping' | 'stopped' | 'failed' | 'unknownUnit';

export interface UnitView {
  readonly name: string;
  readonly state: UnitState;
  /** systemd's Result: 'success', 'exit-code', 'signal', … ('success' while running). */
  readonly result: string;
  /** How often the host's supervisor restarted it by itself (NRestarts). */
  readonly restarts: number;
  /** Seconds since its main process ended; undefined while it runs or never ran. */
  readonly endedSeconds?: number;
  readonly enabledAtBoot: boolean;
  /** Its supervisor starts it again by itself (Restart= other than no). */
  readonly restartsItself: boolean;
}

/** The node's own watch over the lease, as it stands after the renewal that came with this look. */
export interface LeaseView {
  /**
   * armed: the lease runs; carryingOn: it ran out and a replica is still attached; expired: it ran out, the
   * units were stopped and writes are refused; absent: no watch runs there.
   */
  readonly state: 'armed' | 'carryingOn' | 'expired' | 'absent';
}

export type HostView =
  | {
      readonly state: 'answers';
      readonly bootId: string;
      /** The unit that runs Redis there; undefined when the host does not know it. */
      readonly redisUnit?: UnitView;
      readonly units: readonly UnitView[];
      /** The highest epoch this host has accepted. */
      readonly epoch: number;
      readonly freeDiskBytes?: number;
      /** The dead-man watch of the node; undefined where there is none to be had. */
      readonly lease?: LeaseView;
    }
  | { readonly state: 'silent' }
  | { readonly state: 'unusable'; readonly detail: string }
  /** The spec names no way to reach the machine: only its Redis is known. */
  | { readonly state: 'none' };

export interface NodeObservation {
  readonly name: string;
  readonly redis: RedisView;
  readonly host: HostView;
}

export interface Observation {
  /** When the look began (ms): what it found was so already then, or soon after. */
  readonly begunAt?: number;
  readonly nodes: readonly NodeObservation[];
}
