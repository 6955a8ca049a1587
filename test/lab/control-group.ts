import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../redis/until.ts';
import type { LabNode } from './lab-nodes.ts';
import type { LabPaths } from './lab-paths.ts';

const hierarchy = () =>
  existsSync('/sys/fs/cgroup/cgroup.controllers') ? '/sys/fs/cgroup' : '/sys/fs/cgroup/unified';

/** The control group of all the processes of one host: by it the host is frozen, or dies in one stroke. */
export class ControlGroup {
  readonly folder: string;
  readonly #name: string;
  readonly #ofLab: string;
  /** Where a machine has both versions of control groups, nspawn makes one of the old kind too. */
  readonly #ofLabInOld: string;

  constructor(paths: LabPaths, node: LabNode) {
    const id = createHash('sha256').update(paths.folder).digest('hex').slice(0, 8);
    this.#ofLab = join(hierarchy(), `understudy-lab-${id}`);
    this.#ofLabInOld = join('/sys/fs/cgroup/systemd', `understudy-lab-${id}`);
    this.#name = node.name;
    this.folder = join(this.#ofLab, node.name);
  }

  create(): void {
    mkdirSync(this.folder, { recursive: true });
  }

  kill(): void {
    if (existsSync(this.folder)) writeFileSync(join(this.folder, 'cgroup.kill'), '1');
  }

  get isFrozen(): boolean {
    return existsSync(this.folder) && readFileSync(join(this.folder, 'cgroup.freeze'), 'utf8').trim() === '1';
  }

  /** Resolves when every process of the host stands still, or goes on. */
  async freeze(isOn: boolean): Promise<void> {
    writeFileSync(join(this.folder, 'cgroup.freeze'), isOn ? '1' : '0');
    const wanted = `frozen ${isOn ? 1 : 0}`;
    const events = join(this.folder, 'cgroup.events');
    await until('the host stands still', async () => readFileSync(events, 'utf8').includes(wanted));
  }

  /** Also removes the lab's own group with the last host's. The dead leave theirs a moment later. */
  async remove(): Promise<void> {
    for (const ofLab of [this.#ofLab, this.#ofLabInOld]) {
      const folder = join(ofLab, this.#name);
      if (existsSync(folder)) await until('the control group is empty', async () => removeTree(folder));
      if (existsSync(ofLab)) removeFolder(ofLab);
    }
  }
}

function removeTree(folder: string): boolean {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  return removeFolder(folder);
}

function removeFolder(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
