import { setTimeout as delay } from 'node:timers/promises';
import type { Outcome } from '../../reconcilers/action.ts';
import type { FencePort } from '../ports/fence.ts';
import { Deadline } from '../redis/deadline.ts';
import { lastLine, remoteText } from './remote-text.ts';
import { shellCommand } from './shell-quote.ts';
import { SshConnection } from './ssh-connection.ts';
import type { SshLogin, Unreached } from './ssh-login.ts';
import { type Ran, SshSession } from './ssh-session.ts';

export interface SshFenceOptions {
  readonly login: SshLogin;
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly confirm: { readonly command: readonly string[]; readonly stdout: string };
  /** The whole of it ends within this (ms); absent: 15 s. */
  readonly limitMs?: number;
}

const powerOffMs = 15_000;
/** The part of that time that the command itself may take; then it is asked what has become of the node. */
const commandShare = 0.5;
const askMs = 3_000;
const pauseMs = 200;

type Tried = Ran | Unreached;

/** Switches a node off from another machine; it counts as off only when the confirming command says so. */
export class SshFence implements FencePort {
  readonly #options: SshFenceOptions;
  readonly #connection: SshConnection;

  constructor(options: SshFenceOptions) {
    this.#options = options;
    this.#connection = new SshConnection(options.login);
  }

  /** A command that fails is not the end: the node may be off already, and the confirmation tells. */
  async powerOff(withinMs = Number.POSITIVE_INFINITY): Promise<Outcome> {
    const { command, confirm } = this.#options;
    const limitMs = Math.min(this.#options.limitMs ?? powerOffMs, withinMs);
    const deadline = new Deadline(limitMs);
    let ordered = await this.#run(command, limitMs * commandShare, deadline);
    let confirmed: Tried | undefined;
    while (deadline.left > 0) {
      if (isUnusable(ordered)) return this.#failure(ordered, ordered);
      const asked = await this.#run(confirm.command, askMs, deadline);
      if (hasEnded(asked) && asked.stdout.trim() === confirm.stdout) return { kind: 'done' };
      // What was last said weighs more than a silence after it.
      if (confirmed === undefined || hasEnded(asked) || !hasEnded(confirmed)) confirmed = asked;
      await delay(Math.min(pauseMs, deadline.left));
      // It was never sent: the machine has come back since, or never will.
      if ('state' in ordered) ordered = await this.#run(command, limitMs * commandShare, deadline);
    }
    return this.#failure(ordered, confirmed ?? ordered);
  }

  close(): void {
    this.#connection.close();
  }

  #failure(ordered: Tried, confirmed: Tried): Outcome {
    const { command, confirm } = this.#options;
    const { name } = this.#connection;
    if (isUnusable(confirmed)) return { kind: 'refused', reason: 'HostUnusable', message: confirmed.detail };
    if (!hasEnded(confirmed))
      return { kind: 'unknown', reason: 'OutcomeUnknown', message: `${name}: ${confirmed.detail}` };
    const said = JSON.stringify(remoteText(confirmed.stdout) || lastLine(confirmed.stderr));
    const [asked, wanted] = [confirm.command.join(' '), JSON.stringify(confirm.stdout)];
    const before = hasEnded(ordered)
      ? lastLine(ordered.stderr) || `exit code ${ordered.code}`
      : ordered.detail;
    const message = `${name}: ${asked} says ${said}, not ${wanted} (${command.join(' ')}: ${before}).`;
    return { kind: 'refused', reason: 'FenceNotConfirmed', message };
  }

  async #run(argv: readonly string[], limitMs: number, deadline: Deadline): Promise<Tried> {
    const session = await this.#connection.session(deadline);
    if (!(session instanceof SshSession)) return session;
    // sshd hands one string to the login shell.
    return session.run({ command: shellCommand(argv), limitMs: Math.min(limitMs, deadline.left) });
  }
}

const hasEnded = (tried: Tried): tried is Extract<Ran, { kind: 'ended' }> =>
  'kind' in tried && tried.kind === 'ended';

const isUnusable = (tried: Tried): tried is Unreached => 'state' in tried && tried.state === 'unusable';
