import { freePort } from './free-port.ts';
import { untilLinked } from './redis-pair.ts';
import { RedisServer } from './redis-server.ts';
import type { Certificate, TlsAuthority } from './tls-authority.ts';

/** A Redis that speaks TLS on `tlsPort`, also to its primary; the plain port of `server` is the test's own way in. */
export interface TlsRedis {
  readonly server: RedisServer;
  readonly tlsPort: number;
}

interface TlsRedisOptions {
  readonly authority: TlsAuthority;
  readonly certificate: Certificate;
  readonly primary?: TlsRedis;
  readonly settings?: Readonly<Record<string, string>>;
}

export async function startTlsRedis(options: TlsRedisOptions): Promise<TlsRedis> {
  const { authority, certificate, primary, settings } = options;
  const tlsPort = await freePort();
  const server = await RedisServer.start({
    settings: {
      'tls-port': String(tlsPort),
      'tls-cert-file': certificate.certificateFile,
      'tls-key-file': certificate.keyFile,
      'tls-ca-cert-file': authority.certificateFile,
      'tls-auth-clients': 'no',
      'tls-replication': 'yes',
      'repl-diskless-sync-delay': '0',
      ...settings,
    },
    ...(primary && {
      password: primary.server.password,
      replicaOf: { host: primary.server.host, port: primary.tlsPort },
    }),
  });
  if (primary !== undefined) await untilLinked(server);
  return { server, tlsPort };
}
