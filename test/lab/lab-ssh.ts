import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { until } from '../redis/until.ts';
import { attempt, type CommandOptions, type CommandResult } from './command.ts';
import type { LabNetwork } from './lab-network.ts';
import type { LabNode } from './lab-nodes.ts';
import type { LabPaths } from './lab-paths.ts';
import { isAlive } from './own-process.ts';

/** SSH from the controller's address as root, over one held connection a host: a command takes 30 ms. */
export class LabSsh {
  readonly #paths: LabPaths;
  readonly #network: LabNetwork;

  constructor(paths: LabPaths, network: LabNetwork) {
    this.#paths = paths;
    this.#network = network;
  }

  /** Resolves when the host answers; the connection is held from then on. */
  async untilAnswered(node: LabNode, timeoutMs: number): Promise<void> {
    await until(`${node.name} answers ssh`, () => this.#open(node), { timeoutMs, everyMs: 20 });
  }

  /** Runs a command by the shell of the host. Exit code 255 is ssh's own: not reached, or lost in mid-command. */
  async run(node: LabNode, command: string, options: CommandOptions = {}): Promise<CommandResult> {
    if (!existsSync(this.#paths.connection(node))) await this.#open(node);
    return attempt(this.argv(node, [command]), options);
  }

  /** The argv that does the same on the caller's own terminal. */
  argv(node: LabNode, command: readonly string[]): string[] {
    const held = ['-o', 'ControlMaster=no', '-o', `ControlPath=${this.#paths.connection(node)}`];
    return this.#network.enter(['ssh', ...this.#options(), ...held, `root@${node.address}`, ...command]);
  }

  /** Lets go of the held connection: its host has gone, and it would hang until its keepalives say so. */
  async close(node: LabNode): Promise<void> {
    const socket = this.#paths.connection(node);
    if (!existsSync(socket)) return;
    const { stderr } = await attempt([
      'ssh',
      '-F',
      'none',
      '-o',
      `ControlPath=${socket}`,
      '-O',
      'check',
      'x',
    ]);
    await attempt(['ssh', '-F', 'none', '-o', `ControlPath=${socket}`, '-O', 'exit', 'x']);
    const pid = /pid=(\d+)/.exec(stderr)?.[1];
    if (pid) await until('ssh lets go', async () => !isAlive(Number(pid)));
    rmSync(socket, { force: true });
  }

  async #open(node: LabNode): Promise<boolean> {
    const held = [
      '-f',
      '-N',
      '-M',
      '-o',
      `ControlPath=${this.#paths.connection(node)}`,
      '-o',
      'ConnectTimeout=1',
    ];
    const [program = '', ...args] = this.#network.enter([
      'ssh',
      ...held,
      ...this.#options(),
      `root@${node.address}`,
    ]);
    const opening = spawn(program, args, { stdio: 'ignore', cwd: '/' });
    const [code] = await once(opening, 'exit');
    return code === 0;
  }

  #options(): string[] {
    const options = {
      IdentitiesOnly: 'yes',
      UserKnownHostsFile: this.#paths.knownHostsFile,
      StrictHostKeyChecking: 'yes',
      BatchMode: 'yes',
      LogLevel: 'ERROR',
      ConnectTimeout: '3',
      ServerAliveInterval: '2',
      ServerAliveCountMax: '2',
    };
    const given = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    return ['-F', 'none', '-i', this.#paths.privateKeyFile, ...given];
  }
}
