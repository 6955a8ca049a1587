import { appendFile, readFile } from 'node:fs/promises';
import type { SecretSource } from '../../crd/failover-group.ts';
import { shownHostKey } from '../ssh-host/host-key-scan.ts';
import { fingerprint, KnownHosts, keyType, knownHostsName } from '../ssh-host/known-hosts.ts';
import type { SshLogin } from '../ssh-host/ssh-login.ts';
import { UnderstudyError } from '../understudy-error.ts';
import type { Terminal } from './terminal.ts';

/**
 * Trusts the key that a host shows, because a person asked for it, and only where nothing is known of the host:
 * another key than the known one stays refused. Gives the login with which the key counts as known.
 */
export async function acceptNewHostKey(
  login: SshLogin,
  source: SecretSource,
  terminal: Terminal,
): Promise<SshLogin> {
  const { host, port } = login;
  const text = source.file === undefined ? '' : await begin(source.file);
  const { knownHosts } = await login.read();
  if (new KnownHosts(knownHosts).keysOf(host, port).accepted.length > 0) return login;
  const key = await shownHostKey(host, port);
  if (!Buffer.isBuffer(key)) throw new UnderstudyError('EditFailed', key.detail);
  const line = `${knownHostsName(host, port)} ${keyType(key)} ${key.toString('base64')}`;
  terminal.err(`Accepted the host key of ${host}: ${fingerprint(key)}\n${line}\n`);
  if (source.file === undefined)
    terminal.err(`Add this line to ${login.places.knownHosts}: it is not a file that could be added to.\n`);
  else {
    await append(source.file, `${text.endsWith('\n') ? '' : '\n'}${line}\n`);
    terminal.err(`Added to ${source.file}.\n`);
  }
  return {
    ...login,
    read: async () => ({ ...(await login.read()), knownHosts: `${knownHosts}\n${line}\n` }),
  };
}

/**
 * What the file holds. For the first host of all it may not be there yet, and an empty one is taken for a
 * mistake elsewhere.
 */
async function begin(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text.trim() !== '') return text;
  const title = '# Host keys, as ssh-keyscan gives them.\n';
  await append(file, title);
  return title;
}

async function append(file: string, text: string): Promise<void> {
  try {
    await appendFile(file, text);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new UnderstudyError('EditFailed', `${file} cannot be written (${code}).`, { cause });
  }
}
