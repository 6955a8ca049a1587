import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UnderstudyError } from '../understudy-error.ts';
import { NodeScript } from './node-script.ts';
import { openSession } from './open-session.ts';
import { publicKeyOf } from './private-key.ts';
import { remoteText } from './remote-text.ts';
import { failureOf, scriptReply } from './script-reply.ts';
import { isPlainPath } from './script-words.ts';
import { shellCommand, shellQuote } from './shell-quote.ts';
import type { SshLogin } from './ssh-login.ts';
import { loginName } from './ssh-login.ts';
import { type Command, type Ran, SshSession } from './ssh-session.ts';

export interface Installation {
  readonly group: string;
  /** The login that is made for the controller. */
  readonly user: string;
  readonly redisUnit: string;
  /** Where Redis keeps its data: copies are made from there only. */
  readonly dataFolder: string;
  readonly units: readonly string[];
}

export type Installed =
  | { readonly kind: 'done'; readonly lines: readonly string[] }
  | { readonly kind: 'failed' | 'unknown'; readonly message: string };

const limitMs = 60_000;
/** A person waits here, not a loop (ms). */
const connectMs = 10_000;
const loader = 'n=$1; shift; S=$(head -c "$n") && exec sh -c "$S" understudy-node-install "$@"';

/**
 * Runs deploy/understudy-node-install on a host, by a login that may do anything there; `controller`: whose key
 * the new login takes. Safe to repeat. Throws UnderstudyError when something is amiss on this side.
 */
export async function installNode(
  admin: SshLogin,
  controller: SshLogin,
  installation: Installation,
  how: 'install' | 'remove',
): Promise<Installed> {
  const { group, user, redisUnit, dataFolder, units } = installation;
  if (!isPlainPath(dataFolder))
    throw new UnderstudyError('BadUsage', `${dataFolder} is no plain absolute path of a folder.`);
  const { privateKey } = await controller.read();
  const publicKey = publicKeyOf(privateKey, controller.places.privateKey);
  const [installer, script] = await Promise.all([installerText(), NodeScript.read()]);
  const words = [...(how === 'remove' ? ['--remove'] : []), group, user, redisUnit, dataFolder, ...units];
  const length = String(Buffer.byteLength(installer));
  const sudo = admin.user === 'root' ? '' : 'sudo -n ';
  const ran = await runOnce(admin, {
    command: `${sudo}sh -c ${shellQuote(loader)} ${shellCommand(['sh', length, ...words])}`,
    stdin: `${installer}${publicKey}\n${script.text}`,
    limitMs,
  });
  if (ran.kind === 'failed') return ran;
  const name = loginName(admin);
  if (ran.kind === 'lost')
    return { kind: 'unknown', message: `${name}: ${ran.detail}. It may be half done: run it again.` };
  const lines = ran.stdout.split('\n').map(remoteText).filter(Boolean);
  if (ran.code === 0) return { kind: 'done', lines };
  const message = [...lines, `${name}: ${failureOf(ran.code, ran.stderr)}`].join('\n');
  return { kind: 'failed', message };
}

/** Whether the controller's key now runs the installed script; why not. */
export async function tryInstalled(controller: SshLogin): Promise<string | undefined> {
  const ran = await runOnce(controller, { command: 'understudy-node hello', limitMs: connectMs });
  if (ran.kind === 'failed') return ran.message;
  const reply = scriptReply(ran);
  if (reply.kind !== 'done') return `${loginName(controller)}: ${reply.message}`;
  return reply.value.includes('mode forced') ? undefined : 'the login runs other commands, too';
}

type Once = Ran | { readonly kind: 'failed'; readonly message: string };

async function runOnce(login: SshLogin, command: Command): Promise<Once> {
  const session = await openSession(login, connectMs);
  if (!(session instanceof SshSession)) return { kind: 'failed', message: session.detail };
  try {
    return await session.run(command);
  } finally {
    session.close();
  }
}

async function installerText(): Promise<string> {
  const file = join(import.meta.dirname, '../../deploy/understudy-node-install');
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UnderstudyError('NotSupported', `${file} is missing: install Understudy anew.`, { cause });
  }
}
