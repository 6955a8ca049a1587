import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import ssh2 from 'ssh2';

/** A host's key as known_hosts has it: its type (`ssh-ed25519`) and its bytes as they come over the wire. */
interface KnownKey {
  readonly type: string;
  readonly bytes: Buffer;
}

interface KnownLine extends KnownKey {
  readonly marker: 'revoked' | 'certAuthority' | undefined;
  readonly patterns: string;
}

/** What is known of one host. */
export interface HostKeys {
  readonly accepted: readonly KnownKey[];
  /** A line for it trusts a certificate authority, which is not supported: its plain key is needed. */
  readonly hasAuthority: boolean;
}

export type KeyVerdict = 'accepted' | 'revoked' | 'different';

/** Algorithms for a key of known_hosts, best first; RSA with SHA-1 is not among them (RFC 8332). */
const algorithmsOf: Readonly<Record<string, readonly ssh2.ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

/**
 * The lines of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): names, `[name]:port`, wildcards,
 * negations, hashed names, several keys a host, @revoked. Lines that cannot be read are passed over, as
 * OpenSSH does: a host that only they name is unknown.
 */
export class KnownHosts {
  readonly #lines: readonly KnownLine[];

  constructor(text: string) {
    this.#lines = text.split(/\r?\n/).flatMap((line) => parseLine(line) ?? []);
  }

  keysOf(host: string, port: number): HostKeys {
    const lines = this.#linesOf(host, port);
    const isRevoked = ({ bytes }: KnownKey) => lines.some((line) => isRevocationOf(line, bytes));
    return {
      accepted: lines.filter((line) => line.marker === undefined && !isRevoked(line)),
      hasAuthority: lines.some(({ marker }) => marker === 'certAuthority'),
    };
  }

  judge(host: string, port: number, key: Buffer): KeyVerdict {
    const lines = this.#linesOf(host, port);
    if (lines.some((line) => isRevocationOf(line, key))) return 'revoked';
    return lines.some(({ marker, bytes }) => marker === undefined && same(bytes, key))
      ? 'accepted'
      : 'different';
  }

  #linesOf(host: string, port: number): readonly KnownLine[] {
    const name = knownHostsName(host, port);
    return this.#lines.filter(({ patterns }) => matches(patterns, name));
  }
}

/** How known_hosts calls the server: the name in lower case, or `[name]:port` beside port 22. */
export function knownHostsName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** The algorithms to offer, so that a server with several keys shows one that is known. */
export function hostKeyAlgorithms(keys: readonly { readonly type: string }[]): ssh2.ServerHostKeyAlgorithm[] {
  return [...new Set(keys.flatMap(({ type }) => algorithmsOf[type] ?? []))];
}

/** As `ssh-keygen -l` shows it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that the key's own bytes name (RFC 4253, 6.6). */
export function keyType(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
  return key.subarray(4, 4 + length).toString('latin1');
}

function parseLine(line: string): KnownLine | undefined {
  const words = line.trim().split(/[ \t]+/);
  if (words[0] === '' || words[0]?.startsWith('#')) return undefined;
  const marked = words[0]?.startsWith('@') ? words.shift() : undefined;
  const [patterns, type, encoded] = words;
  if (patterns === undefined || type === undefined || encoded === undefined) return undefined;
  const parsed = ssh2.utils.parseKey(`${type} ${encoded}`);
  if (parsed instanceof Error) return undefined;
  const key: KnownKey = { type: parsed.type, bytes: parsed.getPublicSSH() };
  if (marked === undefined) return { ...key, patterns, marker: undefined };
  if (marked === '@revoked') return { ...key, patterns, marker: 'revoked' };
  // A marker that nobody knows makes the line mean something else: it must not be read as a plain one.
  return marked === '@cert-authority' ? { ...key, patterns, marker: 'certAuthority' } : undefined;
}

function matches(patterns: string, name: string): boolean {
  if (patterns.startsWith('|')) return matchesHash(patterns, name);
  let found = false;
  for (const pattern of patterns.toLowerCase().split(',')) {
    const isNegated = pattern.startsWith('!');
    if (!wildcard(isNegated ? pattern.slice(1) : pattern, name)) continue;
    if (isNegated) return false;
    found = true;
  }
  return found;
}

function wildcard(pattern: string, name: string): boolean {
  const plain = pattern.replace(/^\[([^\]]*)\]:22$/, '$1');
  if (!/[*?]/.test(plain)) return plain === name;
  const source = plain
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}

/** `|1|salt|hash`: HMAC-SHA1 of the name, keyed with the salt, both in base64. */
function matchesHash(field: string, name: string): boolean {
  const [, version, salt, hash, rest] = field.split('|');
  if (version !== '1' || salt === undefined || hash === undefined || rest !== undefined) return false;
  const digest = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return same(digest, Buffer.from(hash, 'base64'));
}

const isRevocationOf = (line: KnownLine, key: Buffer): boolean =>
  line.marker === 'revoked' && same(line.bytes, key);

const same = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other);
