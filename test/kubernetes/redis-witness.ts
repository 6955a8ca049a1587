import { closeAdmin } from '../redis/admin-connection.ts';
import type { RedisServer } from '../redis/redis-server.ts';

/** A command that a server carried out and that changed something, or could have. */
export interface Effect {
  /** Ascending on each server; begins anew when the server does. */
  readonly id: number;
  /** Unix time, s. */
  readonly at: number;
  /** The address that it came from, without the port. */
  readonly from: string;
  /** The name of the connection. */
  readonly by: string;
  readonly command: string;
}

/** redis.conf: every command is kept, with its sender, whatever becomes of the connection that it came by. */
export const witnessed = { 'slowlog-log-slower-than': '0', 'slowlog-max-len': '1000000' } as const;

/** Commands that only look, or that only say who is there. Whatever is not among them counts as an effect. */
const looks = new Set(
  'info pubsub|numsub config|get client|setinfo client|id client|list client|info client|getname hello auth ping role select command'.split(
    ' ',
  ),
);

/** What a Redis server was told to do, and by whom, from its SLOWLOG (https://redis.io/docs/latest/commands/slowlog-get/). */
export class RedisWitness {
  readonly #server: RedisServer;

  constructor(server: RedisServer) {
    this.#server = server;
  }

  /** The newest command's id: what has a higher one came later. */
  async mark(): Promise<number> {
    const [newest] = await this.#entries(1);
    return newest?.id ?? -1;
  }

  /** What came from that address after the mark and was more than a look, oldest first. */
  async effects(since: Since): Promise<Effect[]> {
    return (await this.#since(since)).filter((one) => !isLook(one)).reverse();
  }

  /** How often that address looked at the server since: each look asks once for the Sentinels that listen. */
  async looks(since: Since): Promise<number> {
    return (await this.#since(since)).filter(({ command }) => /^pubsub numsub /i.test(command)).length;
  }

  async #since({ after = -1, from }: Since): Promise<Effect[]> {
    const all = await this.#entries(-1);
    return all.filter((effect) => effect.id > after && effect.from === from);
  }

  async #entries(count: number): Promise<Effect[]> {
    const admin = await this.#server.admin();
    try {
      return ((await admin.call('SLOWLOG', 'GET', count)) as Entry[]).map(
        ([id, at, , words, address, by]) => ({
          id,
          at,
          from: address.slice(0, address.lastIndexOf(':')),
          by,
          command: words.join(' '),
        }),
      );
    } finally {
      closeAdmin(admin);
    }
  }
}

interface Since {
  /** A mark. Absent: all that there is. */
  readonly after?: number;
  readonly from: string;
}

/** id, unix time, microseconds, command and arguments, client address, client name. */
type Entry = [number, number, number, string[], string, string];

function isLook({ command, from }: Effect): boolean {
  const [name = '', sub = '', value = ''] = command.toLowerCase().split(' ');
  if (looks.has(name) || looks.has(`${name}|${sub}`)) return true;
  // It ends a connection of its own that it has lost sight of, so that nothing comes late by that.
  if (name === 'client' && sub === 'kill' && command.includes(` ADDR ${from}:`)) return true;
  // A name without an epoch claims nothing.
  return name === 'client' && sub === 'setname' && !/:\d+$/.test(value);
}
