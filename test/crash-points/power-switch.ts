import { appendFile } from 'node:fs/promises';
import { UnitFolder } from '../../controller/local-host/unit-folder.ts';
import { processesOf } from '../../controller/local-host/unit-processes.ts';
import { readRecord } from '../../controller/local-host/unit-record.ts';
import { type Arrival, SshServer, say } from '../ssh-host/ssh-server.ts';

/** The machines that it switches. */
export interface Machines {
  /** Where the units of a node are; undefined: there is no such node. */
  directory(node: string): string | undefined;
  readonly redisUnit: string;
  readonly units: readonly string[];
  /** Where the units tell of their starts and ends. */
  readonly records: string;
}

/** What is behind `spec.nodes[].fence`: another machine, reached by SSH, that switches the machines of the nodes off. */
export class PowerSwitch {
  readonly #server: SshServer;

  private constructor(server: SshServer) {
    this.#server = server;
  }

  static async start(machines: Machines): Promise<PowerSwitch> {
    return new PowerSwitch(await SshServer.start({ answer: (arrival) => carryOut(machines, arrival) }));
  }

  get port(): number {
    return this.#server.port;
  }

  get privateKey(): string {
    return this.#server.clientKey.private;
  }

  get knownHosts(): string {
    return this.#server.knownHosts;
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}

/** Of a node's `spec.nodes[].fence`. */
export const fenceOf = (node: string, port: number): unknown => ({
  ssh: { host: '127.0.0.1', port, user: 'root' },
  command: ['power', 'off', node],
  confirm: { command: ['power', 'status', node], stdout: 'status: stopped' },
});

async function carryOut(
  { directory, redisUnit, units, records }: Machines,
  { command, channel }: Arrival,
): Promise<void> {
  const [, what, node = ''] = /^'power' '(off|status)' '(\w+)'$/.exec(command) ?? [];
  const folder = directory(node);
  if (folder === undefined) return say(channel, '', 127, `${command}: not found\n`);
  const places = [redisUnit, ...units].map((unit) => new UnitFolder(folder).place(unit));
  const running = places.filter((place) => processesOf(place, readRecord(place.record)).length > 0);
  if (what === 'status')
    return say(channel, running.length === 0 ? 'status: stopped\n' : 'status: running\n');
  for (const place of running) {
    for (const { pid } of processesOf(place, readRecord(place.record))) end(pid);
    // It cannot say so itself any more.
    if (place.name !== redisUnit) await appendFile(records, `end ${place.name} ${node}\n`);
  }
  say(channel, '');
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone meanwhile
  }
}
