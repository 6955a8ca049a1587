import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { FailoverGroup } from '../../crd/failover-group.ts';
import { formatProblem, parseFailoverGroup } from '../../crd/parse.ts';
import type { Status } from '../../crd/status.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import { Reason } from '../../reconcilers/reasons.ts';
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
  #statusProblem: string | undefined;
  #stamp: Stamp | undefined;
  #moving: { readonly stamp: Stamp; readonly since: number } | undefined;
  #missingSince: number | undefined;
  #text = '';

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
    const problems = [this.#problem, this.#statusProblem].filter((problem) => problem !== undefined);
    return problems.length === 0 ? undefined : problems.join('\n');
  }

  /** Looks at the file; costs one stat while nothing moved. `now` in ms of a monotonic clock. */
  async look(now: number): Promise<Taken> {
    const stamp = await stampOf(this.file);
    if (stamp === undefined) return this.#missing(now);
    this.#missingSince = undefined;
    if (same(stamp, this.#stamp)) return 'same';
    const replaced = stamp.inode !== this.#stamp?.inode;
    if (!replaced && !this.#hasSettled(stamp, now)) return 'lookAgain';
    const text = await readFile(this.file, 'utf8').catch(() => undefined);
    if (text === undefined || !same(stamp, await stampOf(this.file))) return 'lookAgain';
    return this.#take(text, stamp, now);
  }

  /** Written at once and unconditionally durable, or refused with what to do. */
  async writeStatus(status: Status, version: string): Promise<Outcome> {
    const record = this.#record;
    if (record === undefined)
      return { kind: 'refused', reason: 'NotFound', message: `${this.file} holds no group.` };
    try {
      if (version !== this.#version || (await versionOnDisk(this.#statusFile)) !== version)
        return await this.#conflict();
      const next = { ...record, status };
      this.#version = await writeStatusFile(this.#statusFile, next);
      this.#record = next;
      return { kind: 'done' };
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
      const message = `${this.#statusFile} could not be written (${code}): nothing is changed until it can be. Make room, or mend its rights.`;
      return { kind: 'refused', reason: Reason.StoreUnavailable, message };
    }
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

  #hasSettled(stamp: Stamp, now: number): boolean {
    if (!same(stamp, this.#moving?.stamp)) this.#moving = { stamp, since: now };
    return this.#moving !== undefined && now - this.#moving.since >= settleMs;
  }

  async #take(text: string, stamp: Stamp, now: number): Promise<Taken> {
    const parsed = parseFailoverGroup(text, this.file);
    // What cannot be read may be half of what is being written: believed when it stays so.
    if (!parsed.ok && !this.#hasSettled(stamp, now)) return 'lookAgain';
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

async function stampOf(file: string): Promise<Stamp | undefined> {
  try {
    const { ino, mtimeNs, size } = await stat(file, { bigint: true });
    return { inode: ino, modified: mtimeNs, size };
  } catch {
    return undefined;
  }
}

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
