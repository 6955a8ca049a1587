import { readFile } from 'node:fs/promises';
import { type Status, statusSchema } from '../../crd/status.ts';
import { statusFileOf } from '../file-store/status-file.ts';

/** What the controller wrote last. Reading it moves nothing. */
export interface RecordedStatus {
  readonly generation: number;
  readonly status: Status;
  /** Why there is a file that could not be understood. */
  readonly problem?: string;
}

/** The record beside a group's file; an empty one when no controller has written any. Never rejects. */
export async function readRecordedStatus(file: string): Promise<RecordedStatus> {
  const statusFile = statusFileOf(file);
  const nothing = { generation: 0, status: {} };
  let text: string;
  try {
    text = await readFile(statusFile, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return code === 'ENOENT' ? nothing : { ...nothing, problem: `${statusFile} cannot be read (${code}).` };
  }
  try {
    const record = JSON.parse(text) as { generation?: unknown; status?: unknown };
    const generation = typeof record.generation === 'number' ? record.generation : 0;
    return { generation, status: statusSchema.parse(record.status) };
  } catch {
    return { ...nothing, problem: `${statusFile} is not understood: another version may have written it.` };
  }
}
