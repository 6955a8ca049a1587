import type { Secret } from '../secret.ts';

export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/** What both sides are known by; read anew for every connection, since files are mended while we run. */
export interface SshCredentials {
  readonly privateKey: Secret;
  /** Text of a known_hosts file. */
  readonly knownHosts: string;
}

export interface SshLogin extends SshTarget {
  /** Rejects with an UnderstudyError that names the field. */
  readonly read: () => Promise<SshCredentials>;
  /** Where the key and the known hosts come from, for messages: `spec.ssh.knownHostsFrom (/etc/…)`. */
  readonly places: { readonly privateKey: string; readonly knownHosts: string };
}

/** Why there is no connection. Nothing was sent to the host then. */
export interface Unreached {
  readonly state: 'silent' | 'unusable';
  /** For a person: what is so and what to do. */
  readonly detail: string;
  /** The host itself said no: whatever is mended is mended there. */
  readonly byHost?: true;
}

export const loginName = ({ user, host, port }: SshTarget): string =>
  `${user}@${host}${port === 22 ? '' : `:${port}`}`;
