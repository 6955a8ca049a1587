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
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return { state: 'refused' };
  if (code !== undefined && unanswered.has(code)) return { state: 'silent' };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return { state: 'unusable', detail: `its host name does not resolve (${code})` };
  return { state: 'unusable', detail: `no connection: ${code ?? 'unknown error'}` };
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
      return { state: 'unauthorised', detail: message };
  }
  if (/without any password configured|no password is set/.test(message))
    return { state: 'unauthorised', detail: 'it asks for no password although one is configured' };
  return { state: 'unusable', detail: message };
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
