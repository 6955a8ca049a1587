import type { Deadline } from '../redis/deadline.ts';
import { openSession } from './open-session.ts';
import type { SshLogin, Unreached } from './ssh-login.ts';
import { loginName } from './ssh-login.ts';
import { SshSession } from './ssh-session.ts';

/** After a refusal by the host itself the next attempt waits (ms): hosts ban who tries a wrong key every second. */
const refusedMs = 5_000;

/** One held connection to a host: made when it is needed, and again after it was lost. */
export class SshConnection {
  readonly #login: SshLogin;
  readonly #listeners: (() => void)[] = [];
  #session: SshSession | undefined;
  #attempt: Promise<SshSession | Unreached> | undefined;
  #refusal: { readonly unreached: Unreached; readonly at: number } | undefined;
  #isClosed = false;

  constructor(login: SshLogin) {
    this.#login = login;
  }

  get name(): string {
    return loginName(this.#login);
  }

  /** The connection, or why there is none by the deadline. All who ask while it is made wait for the same. */
  async session(deadline: Deadline): Promise<SshSession | Unreached> {
    if (this.#session?.isOpen === true) return this.#session;
    if (this.#refusal !== undefined && performance.now() - this.#refusal.at < refusedMs)
      return this.#refusal.unreached;
    this.#attempt ??= this.#open().finally(() => {
      this.#attempt = undefined;
    });
    return deadline.race(this.#attempt, {
      state: 'silent',
      detail: `${this.name} did not answer in time`,
    } as const);
  }

  /** Called when a connection that was there ends by itself. */
  onLost(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#isClosed = true;
    this.#session?.close();
  }

  async #open(): Promise<SshSession | Unreached> {
    const opened = await openSession(this.#login);
    this.#refusal = undefined;
    if (!(opened instanceof SshSession)) {
      if (opened.byHost === true) this.#refusal = { unreached: opened, at: performance.now() };
      return opened;
    }
    if (this.#isClosed) {
      opened.close();
      return { state: 'silent', detail: 'closed' };
    }
    this.#session = opened;
    void opened.ended.then(() => {
      if (!this.#isClosed) for (const listener of this.#listeners) listener();
    });
    return opened;
  }
}
