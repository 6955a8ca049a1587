import type { Wire } from './connection.ts';
import { type Failure, RedisReason, refused } from './refusals.ts';

/**
 * Which connection a server was last looked at over. What was decided by that look holds for the process that
 * answered it, and a connection ends with its process: over another one there may be a server that restarted
 * without its data.
 */
export class LastLook {
  #connection: Wire | undefined;

  over(connection: Wire): void {
    this.#connection = connection;
  }

  /** Why an order that rests on the look must not be sent over this connection, if so. */
  refusal(connection: Wire): Failure | undefined {
    if (this.#connection === undefined || this.#connection === connection) return undefined;
    const message =
      'Nothing was sent: the connection is not that of the last look; the server may have restarted.';
    return refused(RedisReason.NotConnected, message);
  }
}
