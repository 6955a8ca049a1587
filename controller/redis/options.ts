import type { Secret } from '../secret.ts';

export interface RedisNodeOptions {
  readonly host: string;
  readonly port: number;
  /** ACL user; absent: the default user. */
  readonly username?: string;
  /** Absent: the server must ask for none. */
  readonly password?: Secret;
  /** The one before: tried where the server refuses `password`. */
  readonly formerPassword?: Secret;
  /** `ca` in PEM; absent: the system's authorities. `serverName`: absent: the host. */
  readonly tls?: { readonly ca?: string; readonly serverName?: string };
  /** For the TCP (and TLS) connection and the login together; absent: 500. */
  readonly connectTimeoutMs?: number;
  /** For one call as a whole, a new connection and claim included; absent: 500. */
  readonly commandTimeoutMs?: number;
  /** Names of settings to report in `view.config`, as CONFIG GET takes them. */
  readonly managedSettings: readonly string[];
  /**
   * The same for every controller of one group and different for other groups, without spaces, such as
   * `understudy:quantshift`. A claim shows at the node as this name, a colon and the epoch.
   */
  readonly connectionName: string;
}

export const defaultTimeoutMs = 500;
