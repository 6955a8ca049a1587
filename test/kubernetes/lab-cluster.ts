import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Status } from '../../crd/status.ts';
import { ackedKeys, monotonicMs, overlapMs, readBotRecords, runsOf } from '../lab/bot-log.ts';
import { Lab } from '../lab/lab.ts';
import { LabPaths } from '../lab/lab-paths.ts';
import { until } from '../redis/until.ts';
import { groupName, nodeNames, units } from '../scenarios/group-document.ts';
import { ApiServer } from './api-server.ts';
import { ControllerProcess, type ControllerTerms } from './controller-process.ts';
import { condition } from './failover-stage.ts';
import { LoopbackDoor } from './loopback-door.ts';

const patienceMs = 60_000;
/** A bot whose last sign of life is older than this does not run. */
const silentMs = 500;

/** Two real hosts with Redis and bots, and a real API server that the lab's controller reaches on its own loopback. */
export class LabCluster {
  readonly lab: Lab;
  readonly server: ApiServer;
  /** Where the group is. */
  readonly namespace: string;
  readonly #door: LoopbackDoor;
  readonly #controllers: ControllerProcess[] = [];

  private constructor(lab: Lab, server: ApiServer, door: LoopbackDoor, namespace: string) {
    this.lab = lab;
    this.server = server;
    this.#door = door;
    this.namespace = namespace;
  }

  static async raise(name: string, namespace: string): Promise<LabCluster> {
    const folder = join(LabPaths.shared, `${name}-${randomBytes(3).toString('hex')}`);
    const lab = new Lab({ folder, say: console.error });
    let server: ApiServer | undefined;
    try {
      const [started] = await Promise.all([ApiServer.start(), lab.up()]);
      server = started;
      const door = await LoopbackDoor.open(server.port, lab.enter([]));
      return new LabCluster(lab, server, door, namespace);
    } catch (cause) {
      await server?.stop();
      await lab.clean();
      throw cause;
    }
  }

  async dispose(): Promise<void> {
    for (const controller of this.#controllers) await controller.kill();
    await this.#door.close();
    await this.server.stop();
    await this.lab.clean();
  }

  get controller(): ControllerProcess {
    const controller = this.#controllers.at(-1);
    if (controller === undefined) throw new Error('no controller was started');
    return controller;
  }

  /** At the controller's place in the lab's network. */
  startController(terms: ControllerTerms): ControllerProcess {
    const controller = ControllerProcess.start({ ...terms, behind: this.lab.enter([]) });
    this.#controllers.push(controller);
    return controller;
  }

  /** All that the controllers have logged. */
  log(): string {
    return this.#controllers.map((controller) => controller.logTail(Number.POSITIVE_INFINITY)).join('\n');
  }

  /** In the group's namespace, as administrator. */
  kubectl(args: readonly string[], input?: string): Promise<string> {
    return this.server.kubectl(['-n', this.namespace, ...args], input);
  }

  async status(): Promise<Status> {
    // In full: an old kubectl looks a short name up in what it knew of the server before the CRD was there.
    const text = await this.kubectl(['get', 'failovergroups.understudy.dev', groupName, '-o', 'json']);
    return (JSON.parse(text) as { readonly status?: Status }).status ?? {};
  }

  async untilStatus(what: string, fits: (status: Status) => boolean): Promise<Status> {
    let last: Status = {};
    try {
      const look = async () => {
        last = await this.status();
        return fits(last) && last;
      };
      return await until(what, look, { timeoutMs: patienceMs, everyMs: 200 });
    } catch (cause) {
      throw new Error(`${String(cause)}\n${JSON.stringify(last)}\n${this.log()}`);
    }
  }

  /** The node leads, nothing is under way, and all is well. */
  untilLed(by: string): Promise<Status> {
    return this.untilStatus(
      `${by} leads and all is well`,
      (status) =>
        status.currentPrimary === by &&
        status.transition === undefined &&
        condition(status, 'Ready') === 'True' &&
        condition(status, 'ReplicaInSync') === 'True' &&
        condition(status, 'FailoverReady') === 'True',
    );
  }

  /** Runs a shell command as root on a host, as from its console. */
  async on(node: string, command: string, input = ''): Promise<string> {
    const { code, stdout, stderr } = await this.lab.console(node, ['sh', '-c', command], { input });
    if (code !== 0) throw new Error(`${command} on ${node}: exit ${code}: ${stdout}${stderr}`);
    return stdout.trim();
  }

  /** By systemd's word and by the bots' own. */
  async unitsOn(): Promise<string[]> {
    const now = monotonicMs();
    const alive = readBotRecords(this.lab, nodeNames).filter((record) => {
      const last = runsOf(record).at(-1);
      return last !== undefined && !last.isStopped && now - last.toMs < silentMs;
    });
    const found = alive.map(({ bot, node }) => `quantshift-${bot}.service on ${node}`);
    const said: string[] = [];
    for (const node of nodeNames)
      for (const unit of units)
        if ((await this.#property(node, unit, 'ActiveState')) === 'active') said.push(`${unit} on ${node}`);
    if (!isDeepStrictEqual(found.toSorted(), said.toSorted()))
      throw new Error(`systemd says ${said.join(', ')}; the bots say ${found.join(', ')}`);
    return said;
  }

  /** How long any bot ever ran on both hosts at once. */
  overlapMs(): number {
    return overlapMs(readBotRecords(this.lab, nodeNames));
  }

  /** Every write that was ever acknowledged to a bot. */
  ackedByBots(): string[] {
    return ackedKeys(readBotRecords(this.lab, nodeNames));
  }

  /** All of a host that must stay as it is when nobody looks after it any more. */
  async standing(node: string): Promise<Readonly<Record<string, string>>> {
    const found: Record<string, string> = {};
    for (const unit of ['redis-server.service', ...units])
      found[unit] =
        `${await this.#property(node, unit, 'ActiveState')} ${await this.#property(node, unit, 'MainPID')}`;
    found.role = (await this.lab.redis(node, 'ROLE')).split('\n')[0] ?? '';
    found.config = await this.lab.redis(node, 'CONFIG', 'GET', '*');
    return found;
  }

  #property(node: string, unit: string, name: string): Promise<string> {
    return this.on(node, `systemctl show -P ${name} ${unit}`);
  }
}
