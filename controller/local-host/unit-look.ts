import { setTimeout as delay } from 'node:timers/promises';
import type { UnitState } from '../../reconcilers/observation.ts';
import { bootId } from './boot.ts';
import type { ProcessId } from './process-stat.ts';
import { livingProcess } from './process-stat.ts';
import type { UnitPlace } from './unit-folder.ts';
import type { UnitRecord } from './unit-record.ts';
import { readRecord } from './unit-record.ts';

/** What one look at a unit's record and its main process says. */
export interface UnitLook {
  readonly state: Exclude<UnitState, 'unknownUnit'>;
  /** systemd's Result; `unrecorded` when supervisor and main process are both gone and nobody wrote why. */
  readonly result: string;
  readonly restarts: number;
  /** In seconds of /proc/uptime. */
  readonly ended?: number;
  readonly record?: UnitRecord;
}

const never: UnitLook = { state: 'stopped', result: 'success', restarts: 0 };
/** How long (ms) a supervisor may take to write down what it has seen. */
const recordingMs = 50;
/** What util-linux's and busybox's setsid is called between the fork and the unit's own command. */
const launcher = 'setsid';

/** Looks; waits a moment when the main process is gone and the supervisor is about to write down how it ended. */
export async function lookAtUnit(place: UnitPlace): Promise<UnitLook> {
  const deadline = performance.now() + recordingMs;
  for (;;) {
    const look = lookOnce(place);
    if (look !== undefined) return look;
    if (performance.now() >= deadline) return lost(recordOf(place));
    await delay(1);
  }
}

/** The record, if it is of this boot: no process outlives one. */
export function recordOf(place: UnitPlace): UnitRecord | undefined {
  const record = readRecord(place.record);
  return record?.boot === bootId() ? record : undefined;
}

/** Whether the process runs the unit's own command already. */
export function isLaunched(main: ProcessId): boolean {
  const stat = livingProcess(main);
  return stat !== undefined && stat.session === stat.pid && stat.command !== launcher;
}

/** undefined when the record lags behind what happened. */
function lookOnce(place: UnitPlace): UnitLook | undefined {
  const record = recordOf(place);
  if (record === undefined) return never;
  const { phase, restarts } = record;
  if (phase === 'running') return lookAtMain(record);
  const result = resultOf(record);
  const ended = record.ended === undefined ? {} : { ended: record.ended };
  if (phase === 'ended')
    return { state: result === 'success' ? 'stopped' : 'failed', result, restarts, ...ended, record };
  if (livingProcess(record.supervisor) === undefined) return undefined;
  return { state: phase === 'restarting' ? 'starting' : 'stopping', result, restarts, ...ended, record };
}

function lookAtMain(record: UnitRecord): UnitLook | undefined {
  const stat = record.main === undefined ? undefined : livingProcess(record.main);
  // An exiting process has closed its sockets already: who saw that must not be told that it runs.
  if (record.main === undefined || stat === undefined || stat.exiting) return undefined;
  const state = isLaunched(record.main) ? 'running' : 'starting';
  return { state, result: 'success', restarts: record.restarts, record };
}

function lost(record: UnitRecord | undefined): UnitLook {
  if (record === undefined) return never;
  const main = record.main === undefined ? undefined : livingProcess(record.main);
  const state = main === undefined ? 'failed' : 'stopping';
  return { state, result: 'unrecorded', restarts: record.restarts, record };
}

/** systemd's Result= and what it takes for a clean end (systemd.service(5), SuccessExitStatus=). */
function resultOf({ code, timedOut }: UnitRecord): string {
  const clean = [0, 128 + 1, 128 + 2, 128 + 13, 128 + 15];
  if (timedOut) return 'timeout';
  if (code === undefined) return 'unrecorded';
  if (clean.includes(code)) return 'success';
  return code > 128 && code <= 128 + 64 ? 'signal' : 'exit-code';
}
