import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { HostDisk } from './host-disk.ts';

const systemFile = '/etc/systemd/system.conf.d/clock.conf';
const environmentFile = '/etc/environment';

/** Made of wrong-clock.c when the base is built. Redis's unit may run code from below /usr/lib only. */
export const wrongClockLibrary = '/usr/lib/wrong-clock.so';

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** `+1h`, `-90m` or `+5s`, in seconds. */
export function offsetSeconds(offset: string): number {
  const [, sign, count, unit = ''] = /^([+-])(\d+)([smh])$/.exec(offset) ?? [];
  const seconds = unitSeconds[unit];
  if (seconds === undefined) throw new Error(`a clock is wrong by +1h, -90m or +5s, not by '${offset}'`);
  return Number(count) * seconds * (sign === '-' ? -1 : 1);
}

/**
 * Sets by how much the host's wall clock is wrong from its next boot on (undefined: it is right). All units
 * and ssh sessions are told a wrong time, PID 1 alone is not; the monotonic clock and the uptime stay right.
 */
export function setClock(disk: HostDisk, offset: string | undefined): void {
  for (const file of [systemFile, environmentFile]) rmSync(join(disk.folder, file), { force: true });
  if (offset === undefined) return;
  const variables = [`LD_PRELOAD=${wrongClockLibrary}`, `WRONG_CLOCK_SECONDS=${offsetSeconds(offset)}`];
  disk.write(systemFile, `[Manager]\nDefaultEnvironment=${variables.join(' ')}\n`);
  disk.write(environmentFile, `${variables.join('\n')}\n`);
}
