import { createHash } from 'node:crypto';
import { readFile, rename, stat } from 'node:fs/promises';
import { z } from 'zod';
import type { Status } from '../../crd/status.ts';
import { statusSchema } from '../../crd/status.ts';
import { writeDurably } from './durable-write.ts';

const recordSchema = z.strictObject({
  generation: z.int().min(0),
  specHash: z.string(),
  status: statusSchema,
});

/** What stands beside a group's file. */
export interface StatusRecord {
  readonly generation: number;
  /** Of the parsed spec that the generation belongs to. */
  readonly specHash: string;
  readonly status: Status;
}

export interface ReadStatus {
  readonly record: StatusRecord;
  readonly version: string;
  /** What was wrong with the file, and where it was put. */
  readonly problem?: string;
}

/** The version of a file that cannot be read: no file on disk ever has it, so that none is overwritten. */
const unreadable = 'unreadable';
const absent: StatusRecord = { generation: 0, specHash: '', status: {} };

/** `group.yaml` → `group.status.json`, in the same folder. */
export function statusFileOf(file: string): string {
  return `${file.replace(/\.ya?ml$/, '')}.status.json`;
}

const versionOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Reads the record; one that cannot be understood is put aside, one that cannot be read is left. Never rejects. */
export async function readStatusFile(file: string): Promise<ReadStatus> {
  try {
    return await readRecord(file);
  } catch (error) {
    const why = (error as Error).message;
    const problem = `${file}: cannot be read (${why}): nothing is changed until it can be.`;
    return { record: absent, version: unreadable, problem };
  }
}

async function readRecord(file: string): Promise<ReadStatus> {
  const text = await readOrAbsent(file);
  if (text === undefined) return { record: absent, version: '' };
  const parsed = recordSchema.safeParse(json(text));
  if (parsed.success) return { record: parsed.data, version: versionOf(text) };
  const aside = await putAside(file);
  const problem = `${file} could not be understood and was put aside as ${aside}: what it recorded (the epoch, who leads) is looked up anew.`;
  return { record: absent, version: '', problem };
}

/** The version that the file on disk has now; '' when there is none. */
export async function versionOnDisk(file: string): Promise<string> {
  const text = await readOrAbsent(file);
  return text === undefined ? '' : versionOf(text);
}

/** Durable on return. The new version. */
export async function writeStatusFile(file: string, record: StatusRecord): Promise<string> {
  const text = `${JSON.stringify(record, undefined, 2)}\n`;
  await writeDurably(file, text);
  return versionOf(text);
}

async function readOrAbsent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function putAside(file: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const aside = `${file}.corrupt-${number}`;
    const taken = await stat(aside).then(
      () => true,
      () => false,
    );
    if (taken) continue;
    await rename(file, aside);
    return aside;
  }
}
