import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { attempt, run } from './command.ts';
import { controllerAddress, type LabNode, redisHosts } from './lab-nodes.ts';
import type { LabPaths } from './lab-paths.ts';

/**
 * How a wire is cut. `drop`: frames vanish and the host sees nothing of it, like a dead port further up.
 * `link`: the host loses its carrier, a pulled cable. `controller`: only the controller no longer reaches
 * the host, and the hosts still reach each other.
 */
export type CutKind = 'drop' | 'link' | 'controller';

export const cutKinds: readonly CutKind[] = ['drop', 'link', 'controller'];

/** No machine of the lab has it: frames sent there end at every door. */
const nobody = '02:00:00:00:00:ff';

/**
 * The lab's wires: the controller's network namespace with a bridge in it, and a namespace and a wire to
 * the bridge for every host. The state of a wire is kept in files, so that it outlasts a host's reboot.
 */
export class LabNetwork {
  readonly #paths: LabPaths;

  constructor(paths: LabPaths) {
    this.#paths = paths;
  }

  get controllerNamespace(): string {
    return this.#paths.namespace('controller');
  }

  /** The argv that runs a command in the controller's namespace (`ip netns exec` would remount /sys). */
  enter(argv: readonly string[]): string[] {
    return ['nsenter', `--net=${this.controllerNamespace}`, ...argv];
  }

  async open(): Promise<void> {
    if (await this.isOpen()) return;
    await this.#create('controller');
    await this.#inController('ip', 'link', 'add', 'br0', 'type', 'bridge');
    await this.#inController('ip', 'address', 'add', `${controllerAddress}/24`, 'dev', 'br0');
    await this.#inController('ip', 'link', 'set', 'br0', 'up');
  }

  async isOpen(): Promise<boolean> {
    return existsSync(this.controllerNamespace) && (await this.#tryInController('ip', 'link', 'show', 'br0'));
  }

  async close(): Promise<void> {
    await this.#remove('controller');
  }

  /** Gives the host a fresh namespace with its address in it, and its end of a wire. */
  async plug(node: LabNode): Promise<void> {
    await this.unplug(node);
    await this.#create(node.name);
    const inside = `--net=${this.#paths.namespace(node.name)}`;
    const mac = `02:5a:0a:5c:03:${node.number.toString(16).padStart(2, '0')}`;
    const peer = ['peer', 'name', 'eth0', 'address', mac, 'netns', this.#paths.namespace(node.name)];
    await this.#inController('ip', 'link', 'add', port(node), 'type', 'veth', ...peer);
    await run(['nsenter', inside, 'ip', 'address', 'add', `${node.address}/24`, 'dev', 'eth0']);
    await run(['nsenter', inside, 'ip', 'link', 'set', 'eth0', 'up']);
    await run(['nsenter', inside, 'ip', 'route', 'add', 'default', 'via', controllerAddress]);
    await this.#settle(node);
  }

  async unplug(node: LabNode): Promise<void> {
    await this.#tryInController('ip', 'link', 'delete', port(node));
    await this.#remove(node.name);
  }

  /** Takes the carrier away at once: what a dying host still sends gets nowhere. */
  async takeDown(node: LabNode): Promise<void> {
    await this.#inController('ip', 'link', 'set', port(node), 'down');
  }

  cutOf(node: LabNode): CutKind | undefined {
    if (!existsSync(this.#paths.cut(node))) return undefined;
    const kept = readFileSync(this.#paths.cut(node), 'utf8');
    return cutKinds.find((kind) => kind === kept);
  }

  get isSplit(): boolean {
    return existsSync(this.#paths.split);
  }

  async cut(node: LabNode, how: CutKind): Promise<void> {
    writeFileSync(this.#paths.cut(node), how);
    await this.#settleIfPlugged(node);
  }

  async heal(node: LabNode): Promise<void> {
    rmSync(this.#paths.cut(node), { force: true });
    await this.#settleIfPlugged(node);
  }

  /** Cuts the Redis hosts from each other; the controller and the hypervisor still reach them all. */
  async split(isOn: boolean): Promise<void> {
    if (isOn) writeFileSync(this.#paths.split, '');
    else rmSync(this.#paths.split, { force: true });
    for (const node of redisHosts) await this.#settleIfPlugged(node);
  }

  async #settleIfPlugged(node: LabNode): Promise<void> {
    if (existsSync(this.#paths.namespace(node.name))) await this.#settle(node);
  }

  /** Puts the wire into the state that cut, heal and split have left. */
  async #settle(node: LabNode): Promise<void> {
    const how = this.cutOf(node);
    const wire = ['ip', 'link', 'set', port(node)];
    if (how === 'drop') await this.#inController(...wire, 'nomaster', 'up');
    else await this.#inController(...wire, 'master', 'br0', how === 'link' ? 'down' : 'up');
    if (how !== 'drop' && redisHosts.includes(node)) await this.#isolate(node);
    // A silent drop without a packet filter: the controller addresses the host's frames to nobody.
    const neighbour = ['ip', 'neighbour'];
    if (how === 'controller')
      await this.#inController(
        ...neighbour,
        'replace',
        node.address,
        'lladdr',
        nobody,
        'nud',
        'permanent',
        'dev',
        'br0',
      );
    else await this.#tryInController(...neighbour, 'delete', node.address, 'dev', 'br0');
  }

  async #isolate(node: LabNode): Promise<void> {
    const isolated = this.isSplit ? 'on' : 'off';
    await this.#inController('bridge', 'link', 'set', 'dev', port(node), 'isolated', isolated);
  }

  /** A namespace lives as long as a file that it is mounted on. */
  async #create(name: string): Promise<void> {
    const file = this.#paths.namespace(name);
    await this.#remove(name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
    await run(['unshare', `--net=${file}`, 'ip', 'link', 'set', 'lo', 'up']);
  }

  async #remove(name: string): Promise<void> {
    const file = this.#paths.namespace(name);
    if (!existsSync(file)) return;
    await attempt(['umount', file]);
    rmSync(file, { force: true });
  }

  async #inController(...argv: string[]): Promise<void> {
    await run(this.enter(argv));
  }

  async #tryInController(...argv: string[]): Promise<boolean> {
    return (await attempt(this.enter(argv))).code === 0;
  }
}

const port = (node: LabNode): string => `v${node.number}`;
