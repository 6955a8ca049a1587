import { connect } from 'node:net';
import { NodeSSH } from 'node-ssh';
import { UnderstudyError } from '../understudy-error.ts';
import { fingerprint, hostKeyAlgorithms, KnownHosts, keyType, knownHostsName } from './known-hosts.ts';
import { publicKeyOf } from './private-key.ts';
import { remoteText } from './remote-text.ts';
import type { SshCredentials, SshLogin, Unreached } from './ssh-login.ts';
import { loginName } from './ssh-login.ts';
import { SshSession } from './ssh-session.ts';

/** From the first packet to the login (ms): what a loop that looks every second can wait for. */
const connectMs = 2_000;
/** A host that falls silent is noticed after three of these (ms). */
const keepaliveMs = 1_000;
const keepaliveMisses = 2;

/** Connects and logs in by key, to a host whose key is known, within `limitMs`. Never rejects. */
export async function openSession(login: SshLogin, limitMs = connectMs): Promise<SshSession | Unreached> {
  try {
    const credentials = await login.read();
    publicKeyOf(credentials.privateKey, login.places.privateKey);
    return await logIn(login, credentials, new KnownHosts(credentials.knownHosts), limitMs);
  } catch (cause) {
    if (cause instanceof UnderstudyError) return unusable(cause.message);
    const why = cause instanceof Error ? cause.name : 'no reason given';
    return unusable(`${loginName(login)}: no connection could be made (${why}).`);
  }
}

async function logIn(
  login: SshLogin,
  credentials: SshCredentials,
  known: KnownHosts,
  limitMs: number,
): Promise<SshSession | Unreached> {
  const { host, port, user, places } = login;
  const keys = known.keysOf(host, port);
  const serverHostKey = hostKeyAlgorithms(keys.accepted);
  if (serverHostKey.length === 0) return unusable(unknownHost(login, keys.hasAuthority));
  let refusal: string | undefined;
  const socket = connect({ host, port, noDelay: true });
  const ssh = new NodeSSH();
  const connecting = ssh.connect({
    sock: socket,
    username: user,
    privateKey: credentials.privateKey.reveal(),
    // As an array: by default an empty login is tried first.
    authHandler: ['publickey'],
    readyTimeout: limitMs,
    keepaliveInterval: keepaliveMs,
    keepaliveCountMax: keepaliveMisses,
    algorithms: { serverHostKey },
    // Synchronous: ssh2 takes a promise for a yes.
    hostVerifier: (key: Buffer): boolean => {
      const verdict = known.judge(host, port, key);
      if (verdict !== 'accepted') refusal = differentKey(login, key, verdict);
      return verdict === 'accepted';
    },
  });
  // node-ssh takes its own listener off when the login is done; an error after that would end the process.
  ssh.connection?.on('error', () => undefined);
  try {
    await connecting;
    return new SshSession(ssh, socket);
  } catch (cause) {
    socket.destroy();
    return refusal === undefined ? why(login, cause, places.privateKey) : unusable(refusal);
  }
}

function why(login: SshLogin, cause: unknown, keyPlace: string): Unreached {
  const { level, message = 'no reason given' } = cause as { level?: string; message?: string };
  const name = loginName(login);
  if (level === 'client-authentication') {
    const detail = `${name} does not take the key of ${keyPlace}: put its public half into ~${login.user}/.ssh/authorized_keys there, or run: understudy node install.`;
    return { state: 'unusable', detail, byHost: true };
  }
  if (level === 'handshake' && /no matching/i.test(message))
    return unusable(
      `${name}: ${remoteText(message)}. Its host key may be of another kind than the one in ${login.places.knownHosts}; see with: ${keyscan(login)}`,
    );
  return { state: 'silent', detail: `${name} cannot be reached: ${remoteText(message)}` };
}

function unknownHost(login: SshLogin, hasAuthority: boolean): string {
  const name = knownHostsName(login.host, login.port);
  const authority = hasAuthority ? ' (its @cert-authority line is not supported)' : '';
  return `The host key of ${name} is not in ${login.places.knownHosts}${authority}. Compare the key with the one on its console and add it: ${keyscan(login)}`;
}

function differentKey(login: SshLogin, key: Buffer, verdict: 'revoked' | 'different'): string {
  const name = knownHostsName(login.host, login.port);
  const shown = `${name} shows the ${remoteText(keyType(key))} key ${fingerprint(key)}`;
  if (verdict === 'revoked') return `${shown}, which is @revoked in ${login.places.knownHosts}.`;
  return `${shown}, but ${login.places.knownHosts} has another one: the host was installed anew, or somebody else answers for it. If you know why, replace its line there: ${keyscan(login)}`;
}

const keyscan = ({ host, port }: SshLogin): string =>
  `ssh-keyscan${port === 22 ? '' : ` -p ${port}`} ${host}`;

const unusable = (detail: string): Unreached => ({ state: 'unusable', detail });
