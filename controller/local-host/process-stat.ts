import { readdirSync, readFileSync } from 'node:fs';

/** A process, and no later one that has got its pid: the start time goes with it. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks after boot. */
  readonly startTicks: number;
}

/** What /proc/PID/stat tells (proc_pid_stat(5)). */
export interface ProcessStat extends ProcessId {
  readonly command: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Nothing of it will run again, but it may still be there: PF_EXITING. Its sockets are closed by now. */
  readonly exiting: boolean;
  /** Of the kernel itself: PF_KTHREAD. */
  readonly kernel: boolean;
  /** Ended; only its parent has not asked for its exit code yet. */
  readonly zombie: boolean;
}

const exitingFlag = 0x4;
const kernelFlag = 0x20_0000;

/** undefined when there is no such process. */
export function processStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The command may hold spaces and brackets; nothing after it does.
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  const number = (index: number): number => Number(fields[index]);
  const state = fields[0] ?? '';
  return {
    pid,
    command: text.slice(text.indexOf('(') + 1, end),
    parent: number(1),
    group: number(2),
    session: number(3),
    exiting: (number(6) & exitingFlag) !== 0,
    kernel: (number(6) & kernelFlag) !== 0,
    // A leader that ended before its threads is a zombie too, and the process is not over.
    zombie: (state === 'Z' && number(17) <= 1) || state === 'X',
    startTicks: number(19),
  };
}

/** The process as it is now; undefined when it is gone or a zombie. */
export function livingProcess({ pid, startTicks }: ProcessId): ProcessStat | undefined {
  const stat = processStat(pid);
  return stat === undefined || stat.startTicks !== startTicks || stat.zombie ? undefined : stat;
}

export function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
