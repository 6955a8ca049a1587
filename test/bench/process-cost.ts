import { readFileSync } from 'node:fs';

/** USER_HZ: what /proc counts processor time in (proc(5)); 100 on Linux. */
const ticksPerSecond = 100;

/** utime and stime, fields 14 and 15 of /proc/PID/stat; the name before them may hold blanks. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export function residentMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}
