import { existsSync, readFileSync } from 'node:fs';
import { BotRecord } from './bot-record.ts';
import type { BotSettings } from './bot-settings.ts';

const tickMs = 10;
/** Every so many ticks the bot looks whether anyone still reads its record. */
const ticksBetweenLooks = 100;

/** A stand-in for a trading bot: it works every 10 ms, writes to the primary, and must never run twice. */
async function run(settingsFile: string): Promise<void> {
  const settings = JSON.parse(readFileSync(settingsFile, 'utf8')) as BotSettings;
  const record = new BotRecord(settings.records, settings.bot, settings.node);
  process.on('SIGTERM', () => {
    if (settings.deafFile !== undefined && existsSync(settings.deafFile)) return;
    record.note('end');
    process.exit(0);
  });
  let ticks = 0;
  let writing = true;
  let write = async (): Promise<void> => {};
  setInterval(() => {
    record.note('tick');
    ticks += 1;
    // Whoever started the demo is gone for good when the folder is: no bot shall be left behind.
    if (ticks % ticksBetweenLooks === 0 && !existsSync(record.file)) process.exit(0);
    if (writing) return;
    writing = true;
    void write().then(() => {
      writing = false;
    });
  }, tickMs);

  // Only now: loading a client takes a while, and the record shall begin when the process does.
  const { DEFAULT_BACKOFF_MS, EndpointClient } = await import('../traffic/endpoint-client.ts');
  const client = new EndpointClient({
    endpoints: settings.endpoints,
    password: readFileSync(settings.passwordFile, 'utf8').trim(),
    backoffMs: DEFAULT_BACKOFF_MS,
    connectTimeoutMs: 1_000,
    commandTimeoutMs: 1_000,
  });
  write = async () => {
    const outcome = await client.set(`bot:${settings.bot}`, `${settings.node} ${ticks}`);
    if (outcome.kind === 'acked') record.note('ack');
  };
  writing = false;
}

const [, , settingsFile] = process.argv;
if (settingsFile === undefined) throw new Error('usage: bot.ts SETTINGS.json');
await run(settingsFile);
