import { createHash } from 'node:crypto';
import type { Endpoint } from '../ports/redis-node.ts';
import type { Secret } from '../secret.ts';

/** What the node's own watch has to know to do its work when nobody reaches it. */
export interface LeaseOptions {
  /** How long a renewal lasts. */
  readonly seconds: number;
  readonly redisPort: number;
  /** The Redis of every other node: who is attached from there keeps the lease going. */
  readonly peers: readonly Endpoint[];
  readonly username?: string;
  readonly password?: Secret;
  /** Certificate of the authority (PEM), or empty for those of the system; undefined without TLS. */
  readonly ca?: string;
  /** Units that have not ended by then are killed. */
  readonly stopDeadlineSeconds: number;
}

/** The part of the words of `arm` and its stdin that the lease itself does not change. */
export interface LeaseOrder {
  /**
   * Names what the watch is told, so that one that was told otherwise is seen. The password is not in it: whoever
   * reads the name could try passwords against it.
   */
  readonly terms: string;
  /** DEADLINE REDISPORT PEERS UNIT… */
  readonly words: readonly string[];
  readonly input: string;
}

export function leaseOrder(
  options: LeaseOptions,
  units: readonly string[],
  scriptVersion: string,
): LeaseOrder {
  const { seconds, redisPort, peers, username = '', password, ca, stopDeadlineSeconds } = options;
  const addresses = peers.map(({ host, port }) => `${host}:${port}`);
  const words = [
    String(stopDeadlineSeconds),
    String(redisPort),
    addresses.length === 0 ? '-' : addresses.join(','),
    ...units,
  ];
  // A shorter lease is told anew: renewals alone never shorten one.
  const told = JSON.stringify([scriptVersion, seconds, words, username, password !== undefined, ca ?? null]);
  const login = [username, password?.reveal() ?? '', ...(ca === undefined ? [] : [ca])];
  return {
    terms: createHash('sha256').update(told).digest('hex').slice(0, 16),
    words,
    input: `${login.join('\n')}\n`,
  };
}
