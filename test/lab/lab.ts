import { readFileSync, rmSync } from 'node:fs';
import { attempt, type CommandOptions, type CommandResult } from './command.ts';
import { setClock } from './host-clock.ts';
import { HostInstallation } from './host-installation.ts';
import { HostPower } from './host-power.ts';
import { Hypervisor } from './hypervisor.ts';
import { meetNeeds } from './lab-needs.ts';
import { type CutKind, LabNetwork } from './lab-network.ts';
import { allNodes, findNode, hypervisorNode, type LabNode, redisHosts } from './lab-nodes.ts';
import { LabPaths } from './lab-paths.ts';
import { LabSsh } from './lab-ssh.ts';
import { RootFileSystem } from './root-file-system.ts';

export interface LabOptions {
  /** Where the lab keeps everything; UNDERSTUDY_LAB or one below /var/tmp if not told. */
  readonly folder?: string;
  /** Told what takes long. */
  readonly say?: (line: string) => void;
}

export interface LabUp {
  /** How many hosts with Redis and bots: 2 or 3. */
  readonly nodes?: number;
  readonly hypervisor?: boolean;
}

export interface LabBoot {
  /** By how much the host's wall clock is wrong (`+1h`); right if not told. */
  readonly clockOffset?: string;
}

export interface LabNodeStatus {
  readonly name: string;
  readonly alias: string;
  readonly address: string;
  readonly power: 'on' | 'off' | 'frozen';
  /** The host's PID 1 as this machine counts it. */
  readonly leader: number | null;
  readonly cut: CutKind | null;
}

export interface LabStatus {
  readonly folder: string;
  readonly isUp: boolean;
  readonly isSplit: boolean;
  readonly nodes: readonly LabNodeStatus[];
}

const bootTimeoutMs = 30_000;

/**
 * Real hosts on this machine, each with systemd as PID 1, sshd, Redis, the bots, a disk and an address of
 * its own. Hosts are named `n27`, `27`, `ct100` or `10.92.3.27`. What happens here outlasts the process
 * that did it; `down` ends it all.
 */
export class Lab {
  readonly #paths: LabPaths;
  readonly #say: (line: string) => void;
  readonly #base = new RootFileSystem();
  readonly #network: LabNetwork;
  readonly #ssh: LabSsh;
  readonly #hypervisor: Hypervisor;
  readonly #installation: HostInstallation;

  constructor({ folder = LabPaths.default, say = () => undefined }: LabOptions = {}) {
    this.#paths = new LabPaths(folder);
    this.#say = say;
    this.#network = new LabNetwork(this.#paths);
    this.#ssh = new LabSsh(this.#paths, this.#network);
    this.#hypervisor = new Hypervisor(this.#paths);
    this.#installation = new HostInstallation(this.#paths, this.#base);
  }

  get folder(): string {
    return this.#paths.folder;
  }

  /** Of root, on every machine of the lab. */
  get privateKeyFile(): string {
    return this.#paths.privateKeyFile;
  }

  get knownHostsFile(): string {
    return this.#paths.knownHostsFile;
  }

  /** Redis's password (requirepass and masterauth of every host). */
  get passwordFile(): string {
    return this.#paths.passwordFile;
  }

  /** For `nsenter --net=…`. */
  get controllerNamespace(): string {
    return this.#network.controllerNamespace;
  }

  address(node: string): string {
    return findNode(node).address;
  }

  /** The host's own disk as seen from here, whether the host is on or off. Holds only what differs from the base. */
  disk(node: string): string {
    return this.#paths.disk(findNode(node));
  }

  /** The argv that runs a command at the controller's place in the network. */
  enter(argv: readonly string[]): string[] {
    return this.#network.enter(argv);
  }

  isOn(node: string): boolean {
    return this.#power(findNode(node)).isOn;
  }

  isInstalled(node: string): boolean {
    return this.#paths.isInstalled(findNode(node));
  }

  /** Builds the root file system that all hosts share, unless it is there. */
  async build(): Promise<void> {
    await meetNeeds(this.#say);
    await this.#base.build(this.#say);
  }

  /** Builds and installs what is missing, boots what is off, and waits for ssh on all. Disks are kept from before. */
  async up({ nodes = 2, hypervisor = false }: LabUp = {}): Promise<void> {
    if (nodes < 2 || nodes > redisHosts.length) throw new Error(`a lab has 2 or ${redisHosts.length} hosts`);
    await this.build();
    const wanted = [...redisHosts.slice(0, nodes), ...(hypervisor ? [hypervisorNode] : [])];
    await this.#installation.install(wanted);
    await this.#network.open();
    if (hypervisor) await this.#hypervisor.open();
    await Promise.all(
      wanted.map(async (node) => {
        if (!this.isOn(node.name)) await this.#power(node).boot();
        await this.#untilReached(node);
      }),
    );
  }

  /** Ends every process, namespace, mount and control group of the lab, at once. Keeps the disks. */
  async down(): Promise<void> {
    await this.#hypervisor.close();
    for (const node of allNodes) await this.#ssh.close(node);
    await Promise.all(allNodes.map((node) => this.#power(node).end()));
    await this.#network.close();
    rmSync(this.#paths.run, { recursive: true, force: true });
  }

  /** As `down`, and wipes the disks: the next `up` installs the hosts anew. */
  async clean(): Promise<void> {
    await this.down();
    rmSync(this.#paths.folder, { recursive: true, force: true });
  }

  async status(): Promise<LabStatus> {
    const installed = allNodes.filter((node) => this.#paths.isInstalled(node));
    const nodes = installed.map((node) => {
      const power = this.#power(node);
      return {
        name: node.name,
        alias: node.alias,
        address: node.address,
        power: power.isFrozen ? ('frozen' as const) : power.isOn ? ('on' as const) : ('off' as const),
        leader: power.leader ?? null,
        cut: this.#network.cutOf(node) ?? null,
      };
    });
    const isUp = await this.#network.isOpen();
    return { folder: this.folder, isUp, isSplit: this.#network.isSplit, nodes };
  }

  /** Cuts the host's wire until `heal`, even across boots. */
  async cut(node: string, how: CutKind = 'drop'): Promise<void> {
    await this.#network.cut(findNode(node), how);
  }

  async heal(node: string): Promise<void> {
    await this.#network.heal(findNode(node));
  }

  /** Cuts the Redis hosts from each other; the controller reaches them all. */
  async split(): Promise<void> {
    await this.#network.split(true);
  }

  async unsplit(): Promise<void> {
    await this.#network.split(false);
  }

  /** Power loss, of a frozen host too. What it had written is kept, even unsynced: it is in this machine's page cache. */
  async kill(node: string): Promise<void> {
    const found = findNode(node);
    await this.#power(found).kill();
    await this.#ssh.close(found);
  }

  /** Switches a host on and waits until it answers ssh, unless its wire is cut. */
  async boot(node: string, { clockOffset }: LabBoot = {}): Promise<void> {
    const found = findNode(node);
    if (this.isOn(node)) throw new Error(`${found.name} is on`);
    if (!this.isInstalled(node) || !(await this.#network.isOpen())) throw new Error('the lab is not up');
    setClock(this.#installation.disk(found), clockOffset);
    await this.switchOn(node);
    await this.#untilReached(found);
  }

  /** Switches a host on and waits for no more than its PID 1. */
  async switchOn(node: string): Promise<void> {
    const found = findNode(node);
    await this.#ssh.close(found);
    await this.#power(found).boot();
  }

  /** Orderly shutdown. */
  async shutdown(node: string): Promise<void> {
    const found = findNode(node);
    await this.#power(found).shutdown();
    await this.#ssh.close(found);
  }

  /** Stops every process of the host where it is. The kernel goes on: ping is answered, connections are accepted. */
  async freeze(node: string): Promise<void> {
    await this.#power(findNode(node)).freeze(true);
  }

  async thaw(node: string): Promise<void> {
    await this.#power(findNode(node)).freeze(false);
  }

  /** Runs a command of the host's shell as root over ssh, from the controller's address. Code 255 is ssh's own. */
  async ssh(node: string, command: string, options: CommandOptions = {}): Promise<CommandResult> {
    return this.#ssh.run(findNode(node), command, options);
  }

  /** The argv of an ssh session on the caller's own terminal. */
  sshArgv(node: string, command: readonly string[]): string[] {
    return this.#ssh.argv(findNode(node), command);
  }

  /** Runs a command inside the host without the network, as from its console. */
  async console(node: string, argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const { leader } = this.#power(findNode(node));
    if (leader === undefined) throw new Error(`${node} is off`);
    return attempt(['nsenter', `--target=${leader}`, '-m', '-u', '-i', '-n', '-p', ...argv], options);
  }

  /** Redis's answer to a command, asked at the host itself and with its password. An error after 5 s of silence. */
  async redis(node: string, ...command: string[]): Promise<string> {
    const env = { PATH: '/usr/bin:/bin', REDISCLI_AUTH: readFileSync(this.passwordFile, 'utf8') };
    const { code, stdout, stderr } = await this.console(node, ['timeout', '5', 'redis-cli', ...command], {
      env,
    });
    if (code !== 0) throw new Error(`redis-cli ${command[0]} on ${node}: exit ${code} ${stderr.trim()}`);
    return stdout.trimEnd();
  }

  #power(node: LabNode): HostPower {
    return new HostPower(this.#paths, node, this.#network);
  }

  async #untilReached(node: LabNode): Promise<void> {
    if (this.#network.cutOf(node) === undefined) await this.#ssh.untilAnswered(node, bootTimeoutMs);
  }
}
