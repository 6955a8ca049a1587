import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HostFault, wordsOf } from './host-fault.ts';
import { processStat } from './process-stat.ts';
import { environmentOf, expandWords } from './unit-environment.ts';
import type { UnitDefinition } from './unit-file.ts';
import { parseUnitFile } from './unit-file.ts';
import type { UnitPlace } from './unit-folder.ts';
import { isLaunched, lookAtUnit, recordOf } from './unit-look.ts';
import { processesOf } from './unit-processes.ts';
import { stopProcesses } from './unit-stop.ts';

const supervisorScript = join(import.meta.dirname, '..', '..', 'deploy', 'local-unit.sh');
/** How long (ms) the command may take to be loaded. */
const launchMs = 5_000;
/** A log larger than this (bytes) is put aside at the next start; one older is kept. */
const logBytes = 10 * 1024 * 1024;
/** Exit codes of setsid: the command was not found, or cannot be run. */
const notRunCodes: readonly (number | undefined)[] = [126, 127];
/** What the supervisor's subshell says when it could not write the record. */
const notRecordedCode = 125;

/** A unit that can be started: its file is understood and its program is there. */
export interface StartableUnit {
  readonly place: UnitPlace;
  readonly definition: UnitDefinition;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Reads and checks all that a start needs, and starts nothing. Throws UnknownUnit or UnitInvalid. */
export function prepareUnit(place: UnitPlace): StartableUnit {
  let text: string;
  try {
    text = readFileSync(place.file, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const message = missing ? `There is no unit file ${place.file}.` : `${place.file}: ${wordsOf(cause)}`;
    throw new HostFault(missing ? 'UnknownUnit' : 'UnitInvalid', message, { cause });
  }
  const parsed = parseUnitFile(text, place.file);
  if (!parsed.ok) throw new HostFault('UnitInvalid', parsed.problem);
  const { definition } = parsed;
  const environment = environmentOf(definition, place);
  const command = expandWords(definition.command, environment);
  try {
    accessSync(command[0] ?? '', constants.X_OK);
    if (!statSync(command[0] ?? '').isFile()) throw new Error(`${command[0]} is no file`);
    accessSync(definition.workingDirectory, constants.X_OK);
  } catch (cause) {
    throw new HostFault('UnitInvalid', `${place.file}: ${wordsOf(cause)}`, { cause });
  }
  return { place, definition, command, environment };
}

/**
 * Starts the unit unless it runs. Resolves when its program is loaded; how it fares from there is for the next
 * look. Call it only while holding the folder. Throws UnitDoesNotStart, or UnitDoesNotStop when what is left of
 * an earlier run does not go.
 */
export async function startPrepared(unit: StartableUnit): Promise<void> {
  const { place } = unit;
  const look = await lookAtUnit(place);
  if (look.state === 'running') return;
  // Half a unit is no start: what is left of it, or waits to run it again, goes first.
  if (processesOf(place, recordOf(place)).length > 0) await stopProcesses(place, unit.definition);
  await untilLaunched(place, launch(unit));
}

/** The pid of the supervisor: it is loaded, and goes on only once this process has said so. */
function launch({ place, definition, command, environment }: StartableUnit): number {
  rotate(place.log);
  const log = openSync(place.log, 'a', 0o600);
  try {
    const { restart, restartSeconds, stopSeconds, workingDirectory } = definition;
    const terms = [restart, String(restartSeconds), String(Math.ceil(stopSeconds))];
    const supervisor = spawn('/bin/sh', [supervisorScript, place.record, ...terms, ...command], {
      cwd: workingDirectory,
      env: { ...environment },
      detached: true,
      stdio: ['pipe', log, log],
    });
    // Spawn has waited for its exec (libuv): whoever looks for the unit's processes finds it from here on.
    supervisor.on('error', () => undefined);
    supervisor.stdin?.on('error', () => undefined);
    if (supervisor.pid === undefined)
      throw new HostFault('UnitDoesNotStart', `${place.name}: /bin/sh cannot be run.`);
    supervisor.stdin?.end('go\n');
    supervisor.unref();
    return supervisor.pid;
  } finally {
    closeSync(log);
  }
}

async function untilLaunched(place: UnitPlace, supervisor: number): Promise<void> {
  const deadline = performance.now() + launchMs;
  for (;;) {
    // In this order: what a supervisor wrote before it ended is seen.
    const gone = processStat(supervisor)?.zombie ?? true;
    const record = recordOf(place);
    if (record?.supervisor.pid === supervisor) {
      if (record.main !== undefined && isLaunched(record.main)) return;
      if (notRunCodes.includes(record.code))
        throw new HostFault(
          'UnitDoesNotStart',
          `${place.name}: its program could not be run; see ${place.log}.`,
        );
      // It ran and has ended by now: a later look tells how.
      if (record.code !== undefined && record.code !== notRecordedCode) return;
    }
    if (gone)
      throw new HostFault('UnitDoesNotStart', `${place.name}: nothing could be started; see ${place.log}.`);
    if (performance.now() >= deadline)
      throw new HostFault('OutcomeUnknown', `${place.name}: not seen running after ${launchMs} ms.`);
    await delay(1);
  }
}

function rotate(log: string): void {
  const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  if (size > logBytes) renameSync(log, `${log}.1`);
}
