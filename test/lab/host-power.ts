import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../redis/until.ts';
import { ControlGroup } from './control-group.ts';
import type { LabNetwork } from './lab-network.ts';
import type { LabNode } from './lab-nodes.ts';
import type { LabPaths } from './lab-paths.ts';
import { runsWith } from './own-process.ts';

interface Supply {
  readonly supply: number;
  /** The process id of systemd-nspawn. */
  readonly machine: number;
}

const supplyProgram = join(import.meta.dirname, 'power-supply.ts');

/** Switches one host on and off, orderly or not. */
export class HostPower {
  readonly #paths: LabPaths;
  readonly #node: LabNode;
  readonly #network: LabNetwork;
  readonly #group: ControlGroup;

  constructor(paths: LabPaths, node: LabNode, network: LabNetwork) {
    this.#paths = paths;
    this.#node = node;
    this.#network = network;
    this.#group = new ControlGroup(paths, node);
  }

  get isOn(): boolean {
    return this.#supply() !== undefined;
  }

  get isFrozen(): boolean {
    return this.#group.isFrozen;
  }

  /** The host's PID 1 as this machine counts it; none while the host is off or between two boots. */
  get leader(): number | undefined {
    const supply = this.#supply();
    return supply && firstChild(supply.machine);
  }

  /** Resolves when the host's PID 1 runs. */
  async boot(): Promise<void> {
    if (this.isOn) throw new Error(`${this.#node.name} is on`);
    rmSync(this.#paths.supply(this.#node), { force: true });
    const log = openSync(this.#paths.console(this.#node), 'a');
    const args = [supplyProgram, this.#paths.folder, this.#node.name];
    const supply = spawn(process.execPath, args, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
    closeSync(log);
    supply.unref();
    await until(`${this.#node.name} starts (see ${this.#paths.console(this.#node)})`, async () => {
      if (supply.exitCode !== null) throw new Error(`${this.#node.name} did not start: ${this.#lastWords()}`);
      return this.leader !== undefined;
    });
  }

  /** Power loss: nothing that the dying host sends (FIN, RST) gets out. Its disk stays as it is. */
  async kill(): Promise<void> {
    const supply = this.#expectOn();
    await this.#network.takeDown(this.#node);
    this.#group.kill();
    await this.#ended(supply);
  }

  /** Orderly shutdown. */
  async shutdown(): Promise<void> {
    const supply = this.#expectOn();
    process.kill(supply.machine, 'SIGTERM');
    await this.#ended(supply, 100_000);
  }

  /** Takes the host away, whatever state it is in. */
  async end(): Promise<void> {
    const supply = this.#supply();
    if (supply) {
      process.kill(supply.supply, 'SIGTERM');
      await this.#ended(supply);
    }
    this.#group.kill();
    await this.#group.remove();
    await this.#network.unplug(this.#node);
  }

  async freeze(isOn: boolean): Promise<void> {
    this.#expectOn();
    await this.#group.freeze(isOn);
  }

  #expectOn(): Supply {
    const supply = this.#supply();
    if (!supply) throw new Error(`${this.#node.name} is off`);
    return supply;
  }

  #supply(): Supply | undefined {
    const file = this.#paths.supply(this.#node);
    if (!existsSync(file)) return undefined;
    const supply = JSON.parse(readFileSync(file, 'utf8') || 'null');
    return supply && runsWith(supply.supply, supplyProgram, this.#paths.folder) ? supply : undefined;
  }

  async #ended({ supply }: Supply, timeoutMs = 20_000): Promise<void> {
    const gone = async () => !runsWith(supply, supplyProgram, this.#paths.folder);
    await until(`${this.#node.name} is off`, gone, { timeoutMs });
  }

  #lastWords(): string {
    return readFileSync(this.#paths.console(this.#node), 'utf8').slice(-1_000);
  }
}

function firstChild(pid: number): number | undefined {
  try {
    const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    return child === '' ? undefined : Number(child);
  } catch {
    return undefined;
  }
}
