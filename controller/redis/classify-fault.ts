import type { RedisView } from '../../reconcilers/observation.ts';
import { RedisReason } from './refusals.ts';

/** Every view of a Redis that gave no answer to work with. */
export type NoAnswer = Exclude<RedisView, { state: 'answers' }>;

/** The code of a failed system call, such as ECONNREFUSED, also out of a dual-stack attempt's errors. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof AggregateError) return error.errors.map(codeOf).find((code) => code !== undefined);
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const unanswered = new Set(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);

/** Why no TCP or TLS connection came about. Codes: errno(3), Node's `dns` and `tls` errors. */
export function viewOfConnectError(error: unknown): NoAnswer {
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') return { state: 'refused' };
  if (code !== undefined && unanswered.has(code)) return { state: 'silent' };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return { state: 'unusable', detail: `its host name does not resolve (${code})` };
  const mend = tlsFault(code, error);
  return { state: 'unusable', detail: mend ?? `no connection: ${code ?? 'unknown error'}` };
}

/** The connection was there, and the other side ended it: that alone does not say that nobody listens. */
export function isClosedByPeer(error: unknown): boolean {
  return codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE';
}

/** What is wrong with its TLS and how to mend it; codes are those of OpenSSL's X509_V_ERR_* and of Node's `tls`. */
function tlsFault(code: string | undefined, error: unknown): string | undefined {
  switch (code) {
    case undefined:
      return undefined;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `its certificate is issued for ${namesIn(error)}: set spec.redis.tls.serverName to a name in it`;
    case 'CERT_HAS_EXPIRED':
      return 'its certificate, or that of its authority, has expired: renew it';
    case 'CERT_NOT_YET_VALID':
      return 'its certificate is not valid yet: is the clock of this machine right?';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'CERT_SIGNATURE_FAILURE':
      return `its certificate is by an authority that is not trusted here (${code}): give that authority's certificate in spec.redis.tls.caFrom`;
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return `it does not speak TLS on this port (${code}): give its tls-port in spec.nodes[].redis.port, or take spec.redis.tls away`;
  }
  if (/CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE/.test(code))
    return `it asks its clients for certificates (${code}): set tls-auth-clients no there`;
  return undefined;
}

function namesIn(error: unknown): string {
  const certificate = error instanceof Error && 'cert' in error ? error.cert : undefined;
  const names =
    typeof certificate === 'object' && certificate !== null && 'subjectaltname' in certificate
      ? String(certificate.subjectaltname)
      : '';
  return names === '' ? 'another name' : names.slice(0, 200);
}

/** What the first word of an error reply says; the words are those of Redis's `shared` replies (server.c). */
export function viewOfErrorReply(message: string): NoAnswer {
  switch (firstWord(message)) {
    case 'LOADING':
      return { state: 'loading' };
    case 'NOAUTH':
      return { state: 'unauthorised', detail: 'it asks for a password and none is configured' };
    case 'WRONGPASS':
      return { state: 'unauthorised', detail: 'it refuses the password or the user' };
    case 'NOPERM':
      return { state: 'unauthorised', detail: wordsOfErrorReply(message) };
  }
  if (/without any password configured|no password is set/.test(message))
    return { state: 'unauthorised', detail: 'it asks for no password although one is configured' };
  return { state: 'unusable', detail: message };
}

/** What it said, and where to look: NOPERM names the command that the user may not run. */
export function wordsOfErrorReply(message: string): string {
  if (firstWord(message) !== 'NOPERM') return message;
  return `its user lacks a right that docs/redis-acl.md lists: ${message}`;
}

/** Why a server refused a command that it has understood. */
export function reasonOfErrorReply(message: string): RedisReason {
  switch (firstWord(message)) {
    case 'NOAUTH':
    case 'WRONGPASS':
    case 'NOPERM':
      return RedisReason.NotAuthorised;
    case 'LOADING':
      return RedisReason.StillLoading;
  }
  if (message.includes('without a config file')) return RedisReason.NoConfigFile;
  // 7.0 and later name CONFIG SET in both of their messages; 6.2 has one of the others.
  if (/CONFIG SET|Invalid argument|Unsupported CONFIG parameter/.test(message))
    return RedisReason.InvalidSetting;
  return RedisReason.CommandRefused;
}

const firstWord = (message: string): string => message.split(' ', 1)[0] ?? '';
