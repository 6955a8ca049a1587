import type { Endpoint } from '../traffic/endpoint-client.ts';

/** What a bot is told, in a JSON file that its unit names. */
export interface BotSettings {
  readonly bot: string;
  readonly node: string;
  readonly endpoints: readonly Endpoint[];
  readonly passwordFile: string;
  /** The folder of the bots' records. */
  readonly records: string;
  /** As long as this file is there, it does not end when it is told to. */
  readonly deafFile?: string;
}
