import type { Secret } from '../secret.ts';

/**
 * What a node logs in with where it is a replica (redis.conf: masterauth, masteruser): the group's own user and
 * password. The values stay in here; others learn only whether a node has them right.
 */
export class ReplicationLogin {
  readonly #username: string;
  readonly #password: Secret;

  constructor(username: string, password: Secret) {
    this.#username = username;
    this.#password = password;
  }

  /** For CONFIG SET. */
  settings(): Readonly<Record<'masterauth' | 'masteruser', string>> {
    return { masterauth: this.#password.reveal(), masteruser: this.#username };
  }

  /** undefined when the server did not tell both. */
  verdict(masterauth: string | undefined, masteruser: string | undefined): 'right' | 'wrong' | undefined {
    if (masterauth === undefined || masteruser === undefined) return undefined;
    return masterauth === this.#password.reveal() && masteruser === this.#username ? 'right' : 'wrong';
  }

  redact(text: string): string {
    return this.#password.redact(text);
  }
}
