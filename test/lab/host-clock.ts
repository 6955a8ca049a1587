import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { HostDisk } from './host-disk.ts';

const systemFile = '/etc/systemd/system.conf.d/clock.conf';
const environmentFile = '/etc/environment';
const library = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

/**
 * Sets by how much the host's wall clock is wrong from its next boot on (`+1h`, `-90m`; undefined: right).
 * All units and ssh sessions are told a wrong time; the monotonic clock and the uptime stay as they are.
 */
export function setClock(disk: HostDisk, offset: string | undefined): void {
  for (const file of [systemFile, environmentFile]) rmSync(join(disk.folder, file), { force: true });
  if (offset === undefined) return;
  const variables = [`LD_PRELOAD=${library}`, `FAKETIME=${offset}`, 'FAKETIME_DONT_FAKE_MONOTONIC=1'];
  const quoted = variables.map((variable) => `"${variable}"`).join(' ');
  disk.write(systemFile, `[Manager]\nDefaultEnvironment=${quoted}\n`);
  disk.write(environmentFile, `${variables.join('\n')}\n`);
}
