import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { ProcessId } from './process-stat.ts';

/** sweeping: the main process has ended, others of its group have not; restarting: it waits to run it again. */
const phases = ['running', 'sweeping', 'restarting', 'ended'] as const;

/** What deploy/local-unit.sh writes of its unit. */
export interface UnitRecord {
  /** The boot it was written in: after another one no process of it can be there. */
  readonly boot: string;
  readonly supervisor: ProcessId;
  readonly phase: (typeof phases)[number];
  readonly main: ProcessId | undefined;
  readonly restarts: number;
  /** As `$?` has it: 128 + N when signal N ended it. undefined while it runs. */
  readonly code: number | undefined;
  /** When the main process ended, in seconds of /proc/uptime: no wall clock that may jump. */
  readonly ended: number | undefined;
  /** Written by the controller that stopped it: it had to be killed. */
  readonly timedOut: boolean;
}

/** undefined when the unit never ran, or what stands there is no record (power was lost while it was written). */
export function readRecord(path: string): UnitRecord | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const fields = new Map(text.split('\n').map((line) => splitAt(line)));
  const phase = phases.find((known) => known === fields.get('phase'));
  const supervisor = processOf(fields.get('supervisor'));
  if (phase === undefined || supervisor === undefined) return undefined;
  return {
    boot: fields.get('boot') ?? '',
    supervisor,
    phase,
    main: processOf(fields.get('main')),
    restarts: numberOf(fields.get('restarts')) ?? 0,
    code: numberOf(fields.get('code')),
    ended: numberOf(fields.get('ended')),
    timedOut: fields.get('timedOut') === 'yes',
  };
}

/** In place of a supervisor that could not write it, or that does not know all. */
export function writeRecord(path: string, record: UnitRecord): void {
  const identity = (id: ProcessId | undefined) => (id === undefined ? '' : `${id.pid} ${id.startTicks}`);
  const lines = [
    `boot=${record.boot}`,
    `supervisor=${identity(record.supervisor)}`,
    `phase=${record.phase}`,
    `main=${identity(record.main)}`,
    `restarts=${record.restarts}`,
    `code=${record.code ?? ''}`,
    `ended=${record.ended ?? ''}`,
    ...(record.timedOut ? ['timedOut=yes'] : []),
  ];
  writeFileSync(`${path}.new`, `${lines.join('\n')}\n`);
  renameSync(`${path}.new`, path);
}

function splitAt(line: string): [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined || text === '' || Number.isNaN(Number(text)) ? undefined : Number(text);
}

function processOf(text: string | undefined): ProcessId | undefined {
  const ids = /^(\d+) (\d+)$/.exec(text ?? '');
  return ids === null ? undefined : { pid: Number(ids[1]), startTicks: Number(ids[2]) };
}
