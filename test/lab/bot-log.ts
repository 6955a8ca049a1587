import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a bot recorded: see bot.ts. `lost` is a write whose answer never came. */
export type BotEventKind = 'start' | 'tick' | 'acked' | 'refused' | 'lost' | 'stop';

export interface BotEvent {
  readonly kind: BotEventKind;
  /** By the monotonic clock of the kernel, which all hosts of the lab share. */
  readonly atMs: number;
  /** A process id, the key of a write, or the code of a refusal. */
  readonly detail: string;
}

/** All that one bot recorded on one host, in order. */
export interface BotRecord {
  readonly bot: string;
  readonly node: string;
  readonly events: readonly BotEvent[];
}

/** From the bot's start, or its first sign of life after a freeze, to its last. */
export interface BotRun {
  readonly bot: string;
  readonly node: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Ended by a stop that the bot itself recorded. */
  readonly isStopped: boolean;
}

export interface Overlap {
  readonly bot: string;
  readonly nodes: readonly [string, string];
  readonly fromMs: number;
  readonly toMs: number;
}

const kinds: readonly BotEventKind[] = ['start', 'tick', 'acked', 'refused', 'lost', 'stop'];

/** How often a bot gives a sign of life. */
const tickMs = 5;

/** A bot that was silent for longer than this did not run meanwhile: it was frozen. */
export const frozenAfterMs = 1_000;

/** The kernel's monotonic clock, the one that the bots record. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Reads a bot's log. A last line that a power loss cut short is left out; any other bad line is an error. */
export function parseBotEvents(text: string): BotEvent[] {
  const lines = text.split('\n');
  lines.pop();
  return lines.map((line) => {
    const [at = '', kind, detail = ''] = line.split(' ');
    const known = kinds.find((one) => one === kind);
    if (!known || !/^\d+$/.test(at)) throw new Error(`not a line of a bot's log: '${line}'`);
    return { kind: known, atMs: Number(at) / 1e6, detail };
  });
}

/** What the bots recorded on the disks of these hosts, whether those are on or off. */
export function readBotRecords(
  lab: { disk(node: string): string },
  nodes: readonly string[],
  bots: readonly string[] = ['equity', 'crypto'],
): BotRecord[] {
  return nodes.flatMap((node) =>
    bots.map((bot) => {
      const file = join(lab.disk(node), 'var/lib/quantshift', `${bot}.log`);
      return { bot, node, events: existsSync(file) ? parseBotEvents(readFileSync(file, 'utf8')) : [] };
    }),
  );
}

/** The intervals in which a bot ran on a host, in order. */
export function runsOf({ bot, node, events }: BotRecord): BotRun[] {
  const runs: BotRun[] = [];
  let from: BotEvent | undefined;
  let last: BotEvent | undefined;
  const close = () => {
    if (!from || !last) return;
    const isStopped = last.kind === 'stop';
    // One that did not record its own end ran on after its last sign of life, for less than one more.
    runs.push({ bot, node, fromMs: from.atMs, toMs: last.atMs + (isStopped ? 0 : tickMs), isStopped });
  };
  for (const event of events) {
    const isNew =
      !last || event.kind === 'start' || last.kind === 'stop' || event.atMs - last.atMs > frozenAfterMs;
    if (isNew) {
      close();
      from = event;
    }
    last = event;
  }
  close();
  return runs;
}

/** Every interval in which one bot ran on two hosts: there must be none. */
export function overlapsOf(records: readonly BotRecord[]): Overlap[] {
  const runs = records.flatMap(runsOf);
  return runs.flatMap((one, index) =>
    runs.slice(index + 1).flatMap((other): Overlap[] => {
      const fromMs = Math.max(one.fromMs, other.fromMs);
      const toMs = Math.min(one.toMs, other.toMs);
      const isOverlap = one.bot === other.bot && one.node !== other.node && fromMs < toMs;
      return isOverlap ? [{ bot: one.bot, nodes: [one.node, other.node], fromMs, toMs }] : [];
    }),
  );
}

/** The sum of all overlaps. */
export function overlapMs(records: readonly BotRecord[]): number {
  return overlapsOf(records).reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}

/** The keys of every write that was acknowledged to a bot. */
export function ackedKeys(records: readonly BotRecord[]): string[] {
  return records.flatMap(({ events }) =>
    events.filter(({ kind }) => kind === 'acked').map(({ detail }) => detail),
  );
}

export interface Move {
  readonly from: string;
  readonly to: string;
  /** When the move was asked for, or the fault made (`monotonicMs()`). */
  readonly sinceMs: number;
}

/**
 * How long no bot of a name ran while it moved: from its last sign of life on the old host to the first on
 * the new one after that moment. The largest of all bots; nothing if one has not arrived.
 */
export function unitsGapMs(records: readonly BotRecord[], move: Move): number | undefined {
  return largestGap(records, move, 'tick');
}

/** As `unitsGapMs`, from the last acknowledged write to the first. */
export function writeGapMs(records: readonly BotRecord[], move: Move): number | undefined {
  return largestGap(records, move, 'acked');
}

function largestGap(records: readonly BotRecord[], move: Move, kind: BotEventKind): number | undefined {
  const names = [...new Set(records.map(({ bot }) => bot))];
  const gaps = names.map((bot) => {
    const at = (node: string) =>
      records
        .filter((record) => record.bot === bot && record.node === node)
        .flatMap(({ events }) => events.filter((event) => event.kind === kind).map(({ atMs }) => atMs));
    const arrived = at(move.to).find((ms) => ms >= move.sinceMs);
    const left = at(move.from).findLast((ms) => arrived !== undefined && ms < arrived);
    return arrived === undefined || left === undefined ? undefined : arrived - left;
  });
  return gaps.reduce((most, gap) =>
    most === undefined || gap === undefined ? undefined : Math.max(most, gap),
  );
}
