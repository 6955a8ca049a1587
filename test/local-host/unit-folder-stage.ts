import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalHost } from '../../controller/local-host/local-host.ts';
import { stopUnit } from '../../controller/local-host/unit-control.ts';

/** A folder of unit files on this machine, whose processes are gone when it is struck. */
export class UnitFolderStage {
  readonly directory: string;
  readonly #hosts: LocalHost[] = [];
  readonly #names = new Set<string>();
  readonly #onExit = () => this.#kill();

  private constructor(directory: string) {
    this.directory = directory;
    process.setMaxListeners(process.getMaxListeners() + 1);
    process.on('exit', this.#onExit);
  }

  static async set(): Promise<UnitFolderStage> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'understudy-units-')));
    // One level down, so that what tests write beside the units is removed with them.
    await mkdir(join(folder, 'units'));
    return new UnitFolderStage(join(folder, 'units'));
  }

  host(): LocalHost {
    const units = ['bot.service', 'second.service'];
    const host = new LocalHost({ directory: this.directory, units, redisUnit: 'redis.service' });
    this.#hosts.push(host);
    return host;
  }

  /** Writes `<name>` with these lines in [Service]. */
  async write(name: string, ...lines: readonly string[]): Promise<void> {
    this.#names.add(name);
    await writeFile(join(this.directory, name), `[Service]\n${lines.join('\n')}\n`);
  }

  /** A unit that runs the shell commands and notes each run: first of all, or where the commands say NOTE. */
  async writeShell(name: string, commands: string, ...lines: readonly string[]): Promise<void> {
    const note = `echo $$$$ >>${this.runsFile(name)}`;
    const noting = commands.includes('NOTE') ? commands.replace('NOTE', () => note) : `${note}; ${commands}`;
    await this.write(name, `ExecStart=/bin/sh -c "${noting}"`, ...lines);
  }

  runsFile(name: string): string {
    return join(this.directory, `${name}.runs`);
  }

  /** The pids of the unit's runs, oldest first. */
  async runs(name: string): Promise<number[]> {
    const text = await readFile(this.runsFile(name), 'utf8').catch(() => '');
    return text.split('\n').filter(Boolean).map(Number);
  }

  recordFile(name: string): string {
    return join(this.directory, '.understudy', 'units', `${name}.record`);
  }

  /** A field of the unit's record, as the supervisor wrote it. */
  async recorded(name: string, field: string): Promise<string> {
    const text = await readFile(this.recordFile(name), 'utf8');
    return new RegExp(`^${field}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  }

  async pidOf(name: string, role: 'main' | 'supervisor' = 'main'): Promise<number> {
    return Number.parseInt(await this.recorded(name, role), 10);
  }

  async strike(): Promise<void> {
    for (const host of this.#hosts) host.close();
    for (const name of this.#names) await stopUnit(this.directory, name).catch(() => undefined);
    this.#kill();
    process.off('exit', this.#onExit);
    process.setMaxListeners(process.getMaxListeners() - 1);
    await rm(join(this.directory, '..'), { recursive: true, force: true });
  }

  /** For a test that failed: whatever still carries the folder's marker or works in it. */
  #kill(): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        // A Redis overwrites its environment; it works in the folder above.
        const inside = readlinkSync(`/proc/${pid}/cwd`).startsWith(join(this.directory, '..'));
        const marked = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(
          `UNDERSTUDY_UNIT=${this.directory}/`,
        );
        if ((inside || marked) && Number(pid) !== process.pid) process.kill(Number(pid), 'SIGKILL');
      } catch {
        // gone meanwhile
      }
    }
  }
}
