import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { FailoverGroup } from '../../crd/failover-group.ts';
import { formatProblem, parseFailoverGroup } from '../../crd/parse.ts';
import type { Status } from '../../crd/status.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import { Reason } from '../../reconcilers/reasons.ts';
import { clearDrafts, NotFlushed } from './durable-write.ts';
import type { StatusRecord } from './status-file.ts';
import { readStatusFile, statusFileOf, versionOnDisk, writeStatusFile } from './status-file.ts';

/** A file that is being written is taken up when it has not moved for so long (ms). A renamed one at once. */
const settleMs = 25;
/** A file that is gone for less than this (ms) is being replaced. */
const goneMs = 200;

export type Taken = 'changed' | 'same' | 'gone' | 'lookAgain';

interface Stamp {
  readonly inode: bigint;
  readonly modified: bigint;
  readonly size: bigint;
}

/** One YAML file and the status beside it: the newest good document, and what is wrong with a newer one. */
export class GroupFile {
  readonly file: string;
  readonly #statusFile: string;
  #group: FailoverGroup | undefined;
  #record: StatusRecord | undefined;
  #version = '';
  #problem: string | undefined;
  #readFault: string | undefined;
  #statusProblem: string | undefined;
  #stamp: Stamp | undefined;
  #moving: { readonly stamp: Stamp; readonly since: number } | undefined;
  #missingSince: number | undefined;
  #text = '';
  /** The last status write: one at a time. */
  #writing: Promise<unknown> = Promise.resolve();
  #drafted = false;

  constructor(file: string) {
    this.file = file;
    this.#statusFile = statusFileOf(file);
  }

  /** The last good document, with the generation that it has here. */
  get group(): FailoverGroup | undefined {
    const group = this.#group;
    if (group === undefined) return undefined;
    return { ...group, metadata: { ...group.metadata, generation: this.#record?.generation ?? 1 } };
  }

  get status(): Status {
    return this.#record?.status ?? {};
  }

  get version(): string {
    return this.#version;
  }

  get problem(): string | undefined {
    const problems = [this.#readFault, this.#problem, this.#statusProblem].filter(
      (problem) => problem !== undefined,
    );
    return problems.length === 0 ? undefined : problems.join('\n');
  }

  /** Whether a status stands beside it: it was in force before. */
  get hasStatus(): boolean {
    return this.#version !== '';
  }

  /** Looks at the file; costs one stat while nothing moved. `now` in ms of a monotonic clock. Never rejects. */
  async look(now: number): Promise<Taken> {
    const found = await stampOf(this.file);
    if (found === 'missing') return this.#missing(now);
    this.#missingSince = undefined;
    if ('fault' in found) return this.#cannotRead(found.fault);
    if (same(found, this.#stamp)) return this.#readable();
    const replaced = found.inode !== this.#stamp?.inode;
    if (!replaced && !this.#hasSettled(found, now)) return 'lookAgain';
    let text: string;
    try {
      text = await readFile(this.file, 'utf8');
    } catch (error) {
      if (isMissing(error)) return 'lookAgain';
      return this.#cannotRead((error as Error).message);
    }
    const after = await stampOf(this.file);
    if (after === 'missing' || 'fault' in after || !same(found, after)) return 'lookAgain';
    const healed = this.#readable() === 'changed';
    const taken = await this.#take(text, found, now);
    return healed && taken === 'same' ? 'changed' : taken;
  }

  /**
   * done when it is on the disk. Refused with Conflict when the file changed since `version`, and with
   * StoreUnavailable when it cannot be written, with what to do. One at a time.
   */
  async writeStatus(status: Status, version: string): Promise<Outcome> {
    const written = this.#writing.then(() => this.#write(status, version));
    this.#writing = written;
    return written;
  }

  async #write(status: Status, version: string): Promise<Outcome> {
    if (this.#record === undefined)
      return { kind: 'refused', reason: 'NotFound', message: `${this.file} holds no group.` };
    try {
      if ((await versionOnDisk(this.#statusFile)) !== version || version !== this.#version)
        return await this.#conflict();
      if (!this.#drafted) await clearDrafts(this.#statusFile);
      this.#drafted = true;
      this.#version = await writeStatusFile(this.#statusFile, { ...this.#record, status });
      // The spec may have been edited meanwhile: only the status is new.
      this.#record = { ...this.#record, status };
      this.#statusProblem = undefined;
      return { kind: 'done' };
    } catch (error) {
      return this.#notWritten(error);
    }
  }

  async #notWritten(error: unknown): Promise<Outcome> {
    if (error instanceof NotFlushed) {
      await this.#readStatus();
      return { kind: 'unknown', reason: Reason.OutcomeUnknown, message: error.message };
    }
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const message = `${this.#statusFile} could not be written (${code}): nothing is changed until it can be. Make room, or mend its rights.`;
    return { kind: 'refused', reason: Reason.StoreUnavailable, message };
  }

  async #conflict(): Promise<Outcome> {
    await this.#readStatus();
    return {
      kind: 'refused',
      reason: 'Conflict',
      message: `${this.#statusFile} was changed by somebody else.`,
    };
  }

  #missing(now: number): Taken {
    this.#missingSince ??= now;
    return now - this.#missingSince < goneMs ? 'lookAgain' : 'gone';
  }

  /** What is in force stays so: rights and disks are mended. */
  #cannotRead(why: string): Taken {
    const fault = `${this.file}: cannot be read (${why})`;
    if (this.#readFault === fault) return 'same';
    this.#readFault = fault;
    return 'changed';
  }

  #readable(): Taken {
    if (this.#readFault === undefined) return 'same';
    this.#readFault = undefined;
    return 'changed';
  }

  #hasSettled(stamp: Stamp, now: number): boolean {
    if (!same(stamp, this.#moving?.stamp)) this.#moving = { stamp, since: now };
    return this.#moving !== undefined && now - this.#moving.since >= settleMs;
  }

  async #take(text: string, stamp: Stamp, now: number): Promise<Taken> {
    const parsed = parseFailoverGroup(text, this.file);
    // What cannot be read may be half of what is being written: believed when it stays so.
    // So may what does not end with its line, even if it can be read.
    if (!(parsed.ok && text.endsWith('\n')) && !this.#hasSettled(stamp, now)) return 'lookAgain';
    this.#stamp = stamp;
    this.#moving = undefined;
    if (text === this.#text) return 'same';
    this.#text = text;
    if (!parsed.ok) {
      this.#problem = parsed.problems.map(formatProblem).join('\n');
      return 'changed';
    }
    const healed = this.#problem !== undefined;
    this.#problem = undefined;
    const before = JSON.stringify(this.#group);
    await this.#accept(parsed.group);
    return healed || JSON.stringify(this.#group) !== before ? 'changed' : 'same';
  }

  async #accept(group: FailoverGroup): Promise<void> {
    if (this.#record === undefined) await this.#readStatus();
    const record = this.#record ?? { generation: 0, specHash: '', status: {} };
    const specHash = hashOf(group.spec);
    const generation = record.specHash === specHash ? record.generation : record.generation + 1;
    this.#record = { ...record, specHash, generation };
    this.#group = group;
  }

  async #readStatus(): Promise<void> {
    const { record, version, problem } = await readStatusFile(this.#statusFile);
    const kept = this.#record;
    this.#record = kept === undefined ? record : { ...kept, status: record.status };
    this.#version = version;
    this.#statusProblem = problem;
  }
}

/** Only what is not there is missing; a file that may not be looked at is another matter. */
async function stampOf(file: string): Promise<Stamp | 'missing' | { readonly fault: string }> {
  try {
    const { ino, mtimeNs, size } = await stat(file, { bigint: true });
    return { inode: ino, modified: mtimeNs, size };
  } catch (error) {
    return isMissing(error) ? 'missing' : { fault: (error as Error).message };
  }
}

const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

function same(a: Stamp | undefined, b: Stamp | undefined): boolean {
  return (
    a !== undefined &&
    b !== undefined &&
    a.inode === b.inode &&
    a.modified === b.modified &&
    a.size === b.size
  );
}

/** Of the meaning, not of the spelling: the order of keys does not count. */
function hashOf(value: unknown): string {
  const ordered = JSON.stringify(value, (_key, item: unknown) =>
    item !== null && typeof item === 'object' && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
  return createHash('sha256').update(ordered).digest('hex').slice(0, 16);
}
