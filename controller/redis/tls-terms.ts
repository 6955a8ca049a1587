import { isIP } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  createSecureContext,
  getCACertificates,
  type PeerCertificate,
} from 'node:tls';
import type { RedisNodeOptions } from './options.ts';

/**
 * Whom a connection by TLS trusts, and which name the certificate must bear. Made once for a node: with the
 * system's authorities it takes 0.1 s or more. Node's own default is the list that it was built with.
 */
export function tlsTerms({ host, tls }: RedisNodeOptions): ConnectionOptions | undefined {
  if (tls === undefined) return undefined;
  const name = tls.serverName ?? host;
  const authorities = tls.ca ?? [
    ...new Set([...getCACertificates('default'), ...getCACertificates('system')]),
  ];
  return {
    secureContext: createSecureContext({ ca: authorities }),
    checkServerIdentity: (_, certificate: PeerCertificate) => checkServerIdentity(name, certificate),
    // RFC 6066: an address is no server name.
    ...(isIP(name) === 0 && { servername: name }),
  };
}
