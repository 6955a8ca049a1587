import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { LabNode } from './lab-nodes.ts';

/** The longest path of a Unix socket that Linux takes, less what ssh adds while it makes one. */
const longestSocketPath = 107 - 17;

/** Where everything of one lab lies. Two labs with two folders know nothing of each other. */
export class LabPaths {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = resolve(folder);
    if (this.connection({ number: 27 }).length > longestSocketPath)
      throw new Error(`the lab's folder has too long a path for sockets: ${this.folder}`);
  }

  /** Shared by all labs: where root file systems are kept. */
  static get shared(): string {
    return process.env.UNDERSTUDY_LAB_BASE ?? '/var/tmp/understudy-lab';
  }

  /** UNDERSTUDY_LAB, a folder or the plain name of one below the shared folder. */
  static get default(): string {
    const chosen = process.env.UNDERSTUDY_LAB ?? 'default';
    return isAbsolute(chosen) ? chosen : join(LabPaths.shared, chosen);
  }

  /** What lasts only while the lab is up. */
  get run(): string {
    return join(this.folder, 'run');
  }

  namespace(name: string): string {
    return join(this.run, 'ns', name);
  }

  connection({ number }: Pick<LabNode, 'number'>): string {
    return join(this.run, `ssh-${number}`);
  }

  /** Bind-mounted into the hypervisor; holds the socket of the desk that cuts power. */
  get desk(): string {
    return join(this.run, 'desk');
  }

  get deskSocket(): string {
    return join(this.desk, 'socket');
  }

  get deskProcess(): string {
    return join(this.run, 'desk.pid');
  }

  get split(): string {
    return join(this.run, 'split');
  }

  /** How the host's wire was cut, if it was. */
  cut(node: LabNode): string {
    return join(this.run, `${node.name}.cut`);
  }

  /** The processes that run the host: see power-supply.ts. */
  supply(node: LabNode): string {
    return join(this.run, `${node.name}.supply`);
  }

  console(node: LabNode): string {
    return join(this.run, `${node.name}.console`);
  }

  get privateKeyFile(): string {
    return join(this.folder, 'key');
  }

  get knownHostsFile(): string {
    return join(this.folder, 'known_hosts');
  }

  get passwordFile(): string {
    return join(this.folder, 'redis-password');
  }

  machine(node: LabNode): string {
    return join(this.folder, 'machines', node.name);
  }

  /** The host's own disk, over the root file system that all share. */
  disk(node: LabNode): string {
    return join(this.machine(node), 'disk');
  }

  /** Names the base that the host was installed over, and is there when its disk is whole. */
  installed(node: LabNode): string {
    return join(this.machine(node), 'installed');
  }

  isInstalled(node: LabNode): boolean {
    return existsSync(this.installed(node));
  }
}
