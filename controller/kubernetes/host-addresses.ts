import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** The IP addresses of a host name; rejects when there are none. */
export type LookUp = (host: string) => Promise<readonly string[]>;

const systemLookUp: LookUp = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address).sort();

interface Known {
  readonly ips: readonly string[];
  /** The last try failed: what is known is from before. */
  readonly failed: boolean;
}

/**
 * What the hosts of the nodes resolve to, known beforehand: a promotion waits for no name server. A name that is
 * not found for once keeps the addresses that it had.
 */
export class HostAddresses {
  readonly #lookUp: LookUp;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<void>>();

  constructor(lookUp: LookUp = systemLookUp) {
    this.#lookUp = lookUp;
  }

  /** Undefined: nothing is known yet; empty: it cannot be resolved. An IP address stands for itself. */
  of(host: string): readonly string[] | undefined {
    return isIP(host) === 0 ? this.#known.get(host)?.ips : [host];
  }

  /** Whether the last try to resolve it failed. */
  hasFailed(host: string): boolean {
    return this.#known.get(host)?.failed === true;
  }

  /** Asks for those that were not asked for yet; true when something was learnt. */
  async learn(hosts: readonly string[]): Promise<boolean> {
    const unknown = hosts.filter((host) => this.of(host) === undefined);
    await Promise.all(unknown.map((host) => this.#ask(host)));
    return unknown.length > 0;
  }

  /** Asks for all of them again, and forgets the others. */
  async refresh(hosts: ReadonlySet<string>): Promise<void> {
    for (const host of [...this.#known.keys()]) if (!hosts.has(host)) this.#known.delete(host);
    await Promise.all([...hosts].filter((host) => isIP(host) === 0).map((host) => this.#ask(host)));
  }

  #ask(host: string): Promise<void> {
    const asked = this.#asking.get(host) ?? this.#resolve(host);
    this.#asking.set(host, asked);
    return asked;
  }

  async #resolve(host: string): Promise<void> {
    try {
      this.#known.set(host, { ips: await this.#lookUp(host), failed: false });
    } catch {
      this.#known.set(host, { ips: this.#known.get(host)?.ips ?? [], failed: true });
    } finally {
      this.#asking.delete(host);
    }
  }
}
