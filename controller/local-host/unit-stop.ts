import { setTimeout as delay } from 'node:timers/promises';
import { uptimeSeconds } from './boot.ts';
import { HostFault } from './host-fault.ts';
import type { ProcessId } from './process-stat.ts';
import { livingProcess } from './process-stat.ts';
import type { UnitPlace } from './unit-folder.ts';
import { recordOf } from './unit-look.ts';
import { processesOf } from './unit-processes.ts';
import type { UnitRecord } from './unit-record.ts';
import { writeRecord } from './unit-record.ts';

/** How a unit is asked to end. */
export interface StopTerms {
  readonly killSignal: NodeJS.Signals;
  /** Seconds until SIGKILL. */
  readonly stopSeconds: number;
}

export const defaultStopTerms: StopTerms = { killSignal: 'SIGTERM', stopSeconds: 10 };

/** How long (ms) a process may take to go after SIGKILL: one that waits for a disk does not. */
const killedMs = 5_000;
/** A supervisor that has not ended so long (ms) after its unit is not going to write down anything. */
const supervisorMs = 1_000;

/**
 * Ends the unit and keeps it down: resolves when no process of it is left, its supervisor included. Call it only
 * while holding the folder. Throws UnitDoesNotStop when something outlives even SIGKILL.
 */
export async function stopProcesses(place: UnitPlace, terms: StopTerms): Promise<void> {
  const record = recordOf(place);
  if (processesOf(place, record).length === 0) {
    settle(place, {});
    return;
  }
  // First the supervisor: it must not start again what is ended now.
  signal(supervisorOf(place, record), 'SIGTERM');
  const asked = performance.now();
  const killed = asked + terms.stopSeconds * 1_000;
  const givenUp = killed + killedMs;
  let timedOut = false;
  const signalled = new Set<string>();
  for (;;) {
    const left = othersLeft(place, record);
    if (left.length === 0) break;
    const now = performance.now();
    if (now >= givenUp) throw doesNotStop(place, left);
    if (now >= killed) timedOut = true;
    for (const process of left) {
      const key = `${process.pid} ${process.startTicks} ${timedOut}`;
      // Once each: a second SIGTERM makes some programs drop what they were finishing.
      if (!signalled.has(key)) signal(process, timedOut ? 'SIGKILL' : terms.killSignal);
      signalled.add(key);
    }
    await untilOneIsGone(left, timedOut ? givenUp : killed);
  }
  await endSupervisor(place, supervisorOf(place, record));
  settle(place, { code: 0, timedOut });
}

/** All but the supervisor, which has to write down how the rest ended. */
function othersLeft(place: UnitPlace, record: UnitRecord | undefined): readonly ProcessId[] {
  const supervisor = supervisorOf(place, record);
  return processesOf(place, recordOf(place) ?? record).filter(({ pid }) => pid !== supervisor?.pid);
}

/** The living one on record. One that has not got so far is ended like the rest: it has started nothing. */
function supervisorOf(place: UnitPlace, record: UnitRecord | undefined): ProcessId | undefined {
  const known = (recordOf(place) ?? record)?.supervisor;
  return known === undefined ? undefined : livingProcess(known);
}

/** It ends by itself, once it has written down how the unit ended. */
async function endSupervisor(place: UnitPlace, supervisor: ProcessId | undefined): Promise<void> {
  const late = performance.now() + supervisorMs;
  if (supervisor !== undefined) await untilOneIsGone([supervisor], late);
  for (;;) {
    const left = processesOf(place, recordOf(place));
    if (left.length === 0) return;
    if (performance.now() >= late + killedMs) throw doesNotStop(place, left);
    for (const process of left) signal(process, 'SIGKILL');
    await untilOneIsGone(left, late + killedMs);
  }
}

/** The record says what is so now, whoever was there to write it; `known` fills in what nobody wrote. */
function settle(place: UnitPlace, known: { code?: number; timedOut?: boolean }): void {
  const record = recordOf(place);
  if (record === undefined || (record.phase === 'ended' && known.timedOut !== true)) return;
  const ended = record.ended ?? uptimeSeconds();
  const code = record.code ?? known.code;
  writeRecord(place.record, { ...record, phase: 'ended', code, ended, timedOut: known.timedOut === true });
}

async function untilOneIsGone(processes: readonly ProcessId[], deadline: number): Promise<void> {
  let pause = 1;
  while (processes.every((process) => livingProcess(process) !== undefined)) {
    const left = deadline - performance.now();
    if (left <= 0) return;
    await delay(Math.min(pause, Math.ceil(left)));
    // Slower and slower: most end within milliseconds, the rest take their time.
    pause = Math.min(pause * 1.5, 50);
  }
}

function signal(process: ProcessId | undefined, name: NodeJS.Signals): void {
  if (process === undefined || livingProcess(process) === undefined) return;
  try {
    globalThis.process.kill(process.pid, name);
  } catch {
    // gone meanwhile
  }
}

function doesNotStop(place: UnitPlace, left: readonly ProcessId[]): HostFault {
  const pids = left.map(({ pid }) => pid).join(', ');
  return new HostFault('UnitDoesNotStop', `${place.name}: still there after SIGKILL: process ${pids}.`);
}
