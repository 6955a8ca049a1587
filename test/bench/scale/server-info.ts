import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What of INFO is a node's own. */
export interface OwnInfo {
  readonly runId: string;
  readonly port: number;
  /** The lines of `# Replication`. */
  readonly replication: readonly string[];
  readonly keys: number;
}

/** Sections by name in lower case, in the order of INFO; those that are a node's own are made when asked for. */
const order = [
  'server',
  'clients',
  'memory',
  'persistence',
  'stats',
  'replication',
  'cpu',
  'modules',
  'errorstats',
  'cluster',
  'keyspace',
];

/** INFO as Redis 7.0.15 gives it: a recorded answer, in which the node's own figures are put. */
export class ServerInfo {
  readonly #recorded: ReadonlyMap<string, string>;

  constructor() {
    const text = readFileSync(join(import.meta.dirname, 'info-7.0.15.txt'), 'latin1');
    const sections = text.trim().split(/\n(?=# )/);
    this.#recorded = new Map(
      sections.map((section) => {
        const [title = '', ...lines] = section.trimEnd().split('\n');
        return [title.slice(2).toLowerCase(), [title, ...lines, ''].join('\r\n')];
      }),
    );
  }

  /** `sections`: as the client named them; none: all. */
  text(sections: readonly string[], own: OwnInfo): string {
    const asked = sections.map((name) => name.toLowerCase());
    const given = asked.length === 0 ? order : order.filter((name) => asked.includes(name));
    return given.map((name) => this.#section(name, own)).join('\r\n');
  }

  #section(name: string, { runId, port, replication, keys }: OwnInfo): string {
    if (name === 'replication') return ['# Replication', ...replication, ''].join('\r\n');
    if (name === 'keyspace') return `# Keyspace\r\ndb0:keys=${keys},expires=0,avg_ttl=0\r\n`;
    const recorded = this.#recorded.get(name) ?? '';
    if (name !== 'server') return recorded;
    return recorded.replace('{runId}', runId).replace('{port}', String(port));
  }
}
