import { createHash } from 'node:crypto';
import type { Secret } from '../secret.ts';
import type { Answer, Command } from './connection.ts';
import { list } from './look.ts';

/** Where a node stands in a rotation of the group's password: see RedisView.password. */
export type PasswordStanding = 'former' | 'accepted' | 'only';

/**
 * The password of the controller's own user at a node, in a rotation. A user of Redis 6 and later may have
 * several (https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/): the new one is first
 * taken beside the old, and alone later. For the default user, `requirepass` is its one password.
 */
export class NodePassword {
  readonly #username: string | undefined;
  readonly #current: Secret;
  readonly #former: Secret | undefined;

  constructor(username: string | undefined, current: Secret, former: Secret | undefined) {
    this.#username = username;
    this.#current = current;
    this.#former = former;
  }

  /**
   * For the look: what `standing` is told from. A named user needs a right for it that it has for rotations alone
   * (docs/redis-acl.md): it is asked only when there may be one. `requirepass` does not show what stands beside it:
   * a password that was taken back in mid-rotation.
   */
  get question(): Command | undefined {
    if (this.#former !== undefined) return this.#getUser;
    return this.#username === undefined ? ['config', 'GET', 'requirepass'] : undefined;
  }

  /** What `retireCommands` go by. */
  get inventory(): Command {
    return this.#getUser;
  }

  get #getUser(): Command {
    return ['acl', 'GETUSER', this.#username ?? 'default'];
  }

  /** undefined: the server does not tell, or has its passwords elsewhere; then nothing is to be rotated by us. */
  standing(answers: readonly Answer[], loggedInWithFormer: boolean): PasswordStanding | undefined {
    if (loggedInWithFormer) return 'former';
    const answer = this.question === undefined ? undefined : answers.at(-1);
    if (answer === undefined || 'error' in answer) return undefined;
    if (this.#former !== undefined) {
      const hashes = hashesIn(answer);
      if (hashes.length === 0) return undefined;
      return hashes.every((hash) => hash === hashOf(this.#current)) ? 'only' : 'accepted';
    }
    const requirepass = list(answer)[1] ?? '';
    // Passwords that are kept in an ACL file alone are their keeper's business.
    if (requirepass === '') return undefined;
    return requirepass === this.#current.reveal() ? 'only' : 'accepted';
  }

  /** Takes the current password beside those there are; by its hash, so that it stands in no command. */
  acceptCommands(): Command[] {
    return [['acl', 'SETUSER', this.#username ?? 'default', `#${hashOf(this.#current)}`]];
  }

  /** Logs in anew on the connection that is held, now that the current one is accepted. */
  loginCommand(): Command {
    const user = this.#username === undefined ? [] : [this.#username];
    return ['auth', ...user, this.#current.reveal()];
  }

  /** Leaves the current password as the only one. `found`: the answer to `inventory`. */
  retireCommands(found: Answer | undefined): Command[] {
    const others = hashesIn(found).filter((hash) => hash !== hashOf(this.#current));
    const remove: Command[] =
      others.length === 0
        ? []
        : [['acl', 'SETUSER', this.#username ?? 'default', ...others.map((hash) => `!${hash}`)]];
    // By itself that takes the others away only where it is a change (seen with Redis 7.0.15).
    return this.#username === undefined
      ? [...remove, ['config', 'SET', 'requirepass', this.#current.reveal()]]
      : remove;
  }

  redact(text: string): string {
    const once = this.#current.redact(text);
    return this.#former?.redact(once) ?? once;
  }
}

/** ACL GETUSER gives names and values in turn; `passwords` are SHA-256 hashes in hex. */
function hashesIn(answer: Answer | undefined): string[] {
  const flat = answer !== undefined && 'value' in answer && Array.isArray(answer.value) ? answer.value : [];
  const at = flat.indexOf('passwords');
  const found: unknown = at < 0 ? [] : flat[at + 1];
  return Array.isArray(found) ? found.map(String) : [];
}

function hashOf(secret: Secret): string {
  return createHash('sha256').update(secret.reveal()).digest('hex');
}

/** Redis says so where users are kept in its config file: then CONFIG REWRITE keeps them. */
export function isWithoutAclFile(answer: Answer | undefined): boolean {
  return answer !== undefined && 'error' in answer && /not configured to use an ACL file/.test(answer.error);
}
