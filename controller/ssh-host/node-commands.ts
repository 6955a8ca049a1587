import type { Deadline } from '../redis/deadline.ts';
import type { NodeScript, ScriptCall, ScriptMode } from './node-script.ts';
import { failureOf, greeting, type ScriptReply, scriptReply } from './script-reply.ts';
import { isScriptWord } from './script-words.ts';
import type { SshConnection } from './ssh-connection.ts';
import type { Unreached } from './ssh-login.ts';
import { type Ran, SshSession } from './ssh-session.ts';

export interface Asked {
  readonly kind: 'asked';
  readonly ran: Ran;
  readonly reply: ScriptReply;
}

/** What the shell of an ordinary login says to a command that it does not know. */
const notFound = 127;

/** Runs the node's script over the held connection, in the way that the host has it. */
export class NodeCommands {
  readonly #connection: SshConnection;
  readonly #script: NodeScript;
  readonly #user: string;
  /** How the script runs at the other end of a connection; a new one may lead to a host that was set up anew. */
  readonly #modes = new WeakMap<SshSession, ScriptMode>();

  constructor(connection: SshConnection, script: NodeScript, user: string) {
    this.#connection = connection;
    this.#script = script;
    this.#user = user;
  }

  /** Never rejects; ends by the deadline. What is `Unreached` was not sent. */
  async ask(call: ScriptCall, deadline: Deadline): Promise<Asked | Unreached> {
    const words = [call.verb, ...call.words];
    if (!words.every(isScriptWord)) {
      const detail = `${words.find((word) => !isScriptWord(word))} cannot be said to a host`;
      return { state: 'unusable', detail };
    }
    const session = await this.#connection.session(deadline);
    if (!(session instanceof SshSession)) return session;
    const mode = this.#modes.get(session) ?? (await this.#findMode(session, deadline));
    if (typeof mode !== 'string') return mode;
    const { command, stdin } = this.#script.command(mode, this.#user, call);
    const ran = await session.run({ command, stdin, limitMs: deadline.left });
    return { kind: 'asked', ran, reply: scriptReply(ran) };
  }

  async #findMode(session: SshSession, deadline: Deadline): Promise<ScriptMode | Unreached> {
    const ran = await session.run({ command: 'understudy-node hello', limitMs: deadline.left });
    if (ran.kind === 'lost') return { state: 'silent', detail: `${this.#connection.name}: ${ran.detail}` };
    const mode = this.#modeOf(ran);
    if (typeof mode === 'string') this.#modes.set(session, mode);
    return mode;
  }

  #modeOf(ran: Extract<Ran, { kind: 'ended' }>): ScriptMode | Unreached {
    if (ran.code === notFound) return 'piped';
    const reply = scriptReply(ran);
    if (reply.kind === 'done') return reply.value.includes('mode forced') ? 'forced' : 'piped';
    const why = ran.code === 0 ? reply.message : failureOf(ran.code, ran.stderr);
    const installed = ran.stdout.startsWith('understudy-node ') && !ran.stdout.startsWith(`${greeting}\n`);
    const advice = installed ? ' Run understudy node install again.' : '';
    return { state: 'unusable', detail: `${this.#connection.name}: ${why}.${advice}` };
  }
}
