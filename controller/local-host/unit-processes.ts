import { readFileSync } from 'node:fs';
import type { ProcessStat } from './process-stat.ts';
import { allPids, processStat } from './process-stat.ts';
import type { UnitPlace } from './unit-folder.ts';
import type { UnitRecord } from './unit-record.ts';

/**
 * Every living process of a unit, its supervisor included: those that carry its marker in their environment
 * (a child that left the session still has it), those of the main process's session (Redis overwrites its own
 * environment with its title), and the children of all these. Costs a look at every process of the machine.
 */
export function processesOf(place: UnitPlace, record: UnitRecord | undefined): ProcessStat[] {
  const all = allPids()
    .map((pid) => processStat(pid))
    .filter((stat) => stat !== undefined)
    .filter((stat) => !stat.zombie && !stat.kernel && stat.pid !== process.pid);
  const session = sessionOf(all, record);
  const members = new Set(
    all.filter(
      (stat) => (session !== undefined && stat.session === session) || hasMarker(stat.pid, place.marker),
    ),
  );
  for (let before = -1; before < members.size; ) {
    before = members.size;
    const pids = new Set([...members].map(({ pid }) => pid));
    for (const stat of all) if (pids.has(stat.parent)) members.add(stat);
  }
  return [...members];
}

/** The session that the record's main process led; undefined when its number belongs to a stranger by now. */
function sessionOf(all: readonly ProcessStat[], record: UnitRecord | undefined): number | undefined {
  const main = record?.main;
  if (main === undefined || record?.phase === 'ended') return undefined;
  const holder = all.find(({ pid }) => pid === main.pid);
  return holder === undefined || holder.startTicks === main.startTicks ? main.pid : undefined;
}

function hasMarker(pid: number, marker: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}`.includes(`\0${marker}\0`);
  } catch {
    return false; // gone meanwhile, or another user's: no process of ours
  }
}
