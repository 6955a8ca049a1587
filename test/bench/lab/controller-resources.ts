import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a process holds, as /proc tells it. */
export interface Resources {
  readonly fileDescriptors: number;
  readonly sockets: number;
  readonly threads: number;
  readonly children: number;
  readonly rssMb: number;
}

export function resourcesOf(pid: number): Resources {
  const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return {
    fileDescriptors: targets.length,
    sockets: targets.filter((target) => target.startsWith('socket:')).length,
    threads: field('Threads'),
    children: children === '' ? 0 : children.split(' ').length,
    rssMb: Math.round(field('VmRSS') / 1024),
  };
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed since the listing.
    return '';
  }
}
