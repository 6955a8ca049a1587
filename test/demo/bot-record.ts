import { openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { monotonicMs } from '../traffic/monotonic.ts';

/** One life of a bot's process, from its own record. Times in monotonic ms. */
export interface BotRun {
  readonly bot: string;
  readonly node: string;
  readonly pid: number;
  /** When its process began, before any of its code ran. */
  readonly start: number;
  /** Each time that it worked, ascending. */
  readonly ticks: readonly number[];
  /** Each write that Redis acknowledged to it, ascending. */
  readonly acks: readonly number[];
  /** Its last sign of life of any kind. */
  readonly last: number;
}

type Kind = 'start' | 'tick' | 'ack' | 'end';

/** A bot's own record: one file a run, appended to without a buffer, so that nothing of it dies with the process. */
export class BotRecord {
  readonly file: string;
  readonly #descriptor: number;

  constructor(folder: string, bot: string, node: string) {
    this.file = join(folder, `${bot}@${node}.${process.pid}.log`);
    this.#descriptor = openSync(this.file, 'a');
    // performance.now() counts from the start of the process, which was before this line.
    this.#write('start', monotonicMs() - performance.now());
  }

  note(kind: Exclude<Kind, 'start'>): void {
    this.#write(kind, monotonicMs());
  }

  #write(kind: Kind, time: number): void {
    writeSync(this.#descriptor, `${kind} ${time.toFixed(3)}\n`);
  }
}

/** Every run on record in the folder (of this node only, when one is given), in the order of their starts. */
export function readBotRuns(folder: string, only?: string): BotRun[] {
  const runs = readdirSync(folder).flatMap((name) => {
    const match = /^(.+)@(.+)\.(\d+)\.log$/.exec(name);
    const [, bot, node, pid] = match ?? [];
    if (bot === undefined || node === undefined || node !== (only ?? node)) return [];
    const run = parseBotRun(readFileSync(join(folder, name), 'utf8'), { bot, node, pid: Number(pid) });
    return run === undefined ? [] : [run];
  });
  return runs.sort((a, b) => a.start - b.start);
}

/** A last line that is not whole is left out; nothing when the process has not even recorded its start. */
export function parseBotRun(text: string, who: Pick<BotRun, 'bot' | 'node' | 'pid'>): BotRun | undefined {
  const times: Record<Kind, number[]> = { start: [], tick: [], ack: [], end: [] };
  let last = Number.NEGATIVE_INFINITY;
  for (const line of text.split('\n').slice(0, -1)) {
    const [kind, time] = line.split(' ');
    times[kind as Kind].push(Number(time));
    last = Math.max(last, Number(time));
  }
  const [start] = times.start;
  return start === undefined ? undefined : { ...who, start, ticks: times.tick, acks: times.ack, last };
}
