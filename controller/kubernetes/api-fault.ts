/** Every way in which a request to the API server ends without what was asked for. */
export type ApiFaultCode =
  | 'NotFound'
  /** The object has changed since the version that was given, or exists already. */
  | 'Conflict'
  /** The history that a watch or a list would go on from is gone (410): list anew. */
  | 'Expired'
  /** Our rights do not reach so far (401, 403). */
  | 'Forbidden'
  /** The server refuses what we sent (400, 422, …): sending it again helps nothing. */
  | 'Invalid'
  /** Nothing was sent, or the server says that it did nothing (refused connection, 429). */
  | 'Unavailable'
  /** Sent, and nobody knows what became of it: a timeout, a lost connection, an error inside the server. */
  | 'Unknown';

/** A request that failed. The message is for a person and holds no secret: bodies of requests never stand in it. */
export class ApiFault extends Error {
  readonly code: ApiFaultCode;

  constructor(code: ApiFaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ApiFault';
    this.code = code;
  }
}

const codes: Readonly<Record<number, ApiFaultCode>> = {
  401: 'Forbidden',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  429: 'Unavailable',
};

/** An answer other than 2xx; `body` is the server's text, usually a Status object (Kubernetes API conventions). */
export function faultOfAnswer(status: number, body: string, what: string): ApiFault {
  const code = codes[status] ?? (status < 500 ? 'Invalid' : 'Unknown');
  return new ApiFault(code, `${what}: ${messageIn(body) ?? `HTTP ${status}`}`);
}

/** A Status object as a watch delivers it in an ERROR event. */
export function faultOfStatus(status: unknown, what: string): ApiFault {
  const { code, message } = (status ?? {}) as { code?: unknown; message?: unknown };
  const number = typeof code === 'number' ? code : 500;
  return new ApiFault(codes[number] ?? 'Unknown', `${what}: ${String(message ?? `HTTP ${number}`)}`);
}

/** What Node says when no connection came about: then not one byte of the request was sent. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** No answer came. */
export function faultOfNoAnswer(cause: unknown, what: string): ApiFault {
  if (cause instanceof ApiFault) return cause;
  const code = codeIn(cause);
  if (code !== undefined && neverSent.has(code))
    return new ApiFault('Unavailable', `${what}: the API server cannot be reached (${code})`, { cause });
  const late = cause instanceof Error && (cause.name === 'TimeoutError' || cause.name === 'AbortError');
  const why = late ? 'no answer in time' : `the connection was lost (${code ?? 'unknown error'})`;
  return new ApiFault('Unknown', `${what}: ${why}`, { cause });
}

/** The code of an error or of what it was caused by: undici wraps the socket's own. */
function codeIn(cause: unknown): string | undefined {
  for (let error = cause; error instanceof Error; error = error.cause) {
    if (error instanceof AggregateError && error.errors.length > 0) return codeIn(error.errors[0]);
    const code: unknown = (error as NodeJS.ErrnoException).code;
    if (typeof code === 'string') return code;
  }
  return undefined;
}

function messageIn(body: string): string | undefined {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
