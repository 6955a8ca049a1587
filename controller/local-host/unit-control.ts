import { readFileSync } from 'node:fs';
import { holdingFolder } from './folder-lock.ts';
import { parseUnitFile } from './unit-file.ts';
import type { UnitPlace } from './unit-folder.ts';
import { UnitFolder } from './unit-folder.ts';
import { prepareUnit, startPrepared } from './unit-start.ts';
import type { StopTerms } from './unit-stop.ts';
import { defaultStopTerms, stopProcesses } from './unit-stop.ts';

/** As `systemctl start`: for a person, without an epoch. Resolves when it runs; rejects with a HostFault. */
export async function startUnit(directory: string, name: string): Promise<void> {
  const folder = new UnitFolder(directory);
  await holdingFolder(folder.directory, () => startPrepared(prepareUnit(folder.place(name))));
}

/** As `systemctl stop`: for a person, without an epoch. Resolves when nothing of it is left; rejects with a HostFault. */
export async function stopUnit(directory: string, name: string): Promise<void> {
  const folder = new UnitFolder(directory);
  const place = folder.place(name);
  await holdingFolder(folder.directory, () => stopProcesses(place, stopTermsOf(place)));
}

/** From the unit file; a unit whose file is gone or spoilt can be stopped all the same. */
export function stopTermsOf(place: UnitPlace): StopTerms {
  try {
    const parsed = parseUnitFile(readFileSync(place.file, 'utf8'), place.file);
    return parsed.ok ? parsed.definition : defaultStopTerms;
  } catch {
    return defaultStopTerms;
  }
}
