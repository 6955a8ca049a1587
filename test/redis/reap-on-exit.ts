import type { ChildProcess } from 'node:child_process';

/** SIGKILLs the child when this process exits, so that a failed test leaves nothing running. */
export function reapOnExit(child: ChildProcess): void {
  const reap = () => void child.kill('SIGKILL');
  // Each child has its own listener: tell Node that this is no leak.
  process.setMaxListeners(process.getMaxListeners() + 1);
  process.on('exit', reap);
  child.once('exit', () => {
    process.off('exit', reap);
    process.setMaxListeners(process.getMaxListeners() - 1);
  });
}
