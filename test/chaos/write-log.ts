import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';

/** One write of a writer, as it remembers it. Times in monotonic ms. */
export interface WriteRecord {
  readonly writer: number;
  /** Grows by one with each write of a writer that was acknowledged or may have been done. */
  readonly seq: number;
  readonly sent: number;
  readonly answered: number;
  /** Where it was sent to. */
  readonly node: string;
}

export function keyOf({ writer, seq }: Pick<WriteRecord, 'writer' | 'seq'>): string {
  return `chaos:${writer}:${seq}`;
}

/** What a write takes in the stream to a replica: `SET key seq` as Redis sends it on (redis.io: RESP). */
export function streamBytes(record: Pick<WriteRecord, 'writer' | 'seq'>): number {
  const words = ['SET', keyOf(record), String(record.seq)];
  return words.reduce((sum, word) => sum + `$${word.length}\r\n${word}\r\n`.length, '*3\r\n'.length);
}

/** The file of all acknowledged writes, appended to without a buffer. */
export class WriteLog {
  readonly #descriptor: number;

  constructor(file: string) {
    this.#descriptor = openSync(file, 'a');
  }

  add({ writer, seq, sent, answered, node }: WriteRecord): void {
    const line = `${writer} ${seq} ${sent.toFixed(3)} ${answered.toFixed(3)} ${node}\n`;
    writeSync(this.#descriptor, line);
  }
}

/** One write in so many stands for its neighbours where asking for all would take too long. */
const sampled = 50;

/** The key of the write that stands for this one. */
export function sampleOf({ writer, seq }: Pick<WriteRecord, 'writer' | 'seq'>): string {
  return keyOf({ writer, seq: seq - (seq % sampled) });
}

/** In the order of the answers. A last line that is not whole is left out. */
export function readWriteLog(file: string): WriteRecord[] {
  return parsed(readFileSync(file, 'utf8'));
}

/** Of a log that grows, the last so many bytes. */
export function readWriteLogEnd(file: string, bytes: number): WriteRecord[] {
  const descriptor = openSync(file, 'r');
  try {
    const from = Math.max(0, fstatSync(descriptor).size - bytes);
    const buffer = Buffer.alloc(bytes);
    const text = buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, bytes, from));
    return parsed(from === 0 ? text : text.slice(text.indexOf('\n') + 1));
  } finally {
    closeSync(descriptor);
  }
}

function parsed(text: string): WriteRecord[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => {
    const [writer = '', seq = '', sent = '', answered = '', node = ''] = line.split(' ');
    return { writer: Number(writer), seq: Number(seq), sent: Number(sent), answered: Number(answered), node };
  });
}
