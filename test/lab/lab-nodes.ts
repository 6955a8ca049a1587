/** A machine of the lab. `name` is also its host name; `alias` is what the runbook calls it. */
export interface LabNode {
  readonly name: string;
  readonly alias: string;
  /** The last byte of its address, and what its files are called after. */
  readonly number: number;
  readonly address: string;
  /** Its number at the hypervisor (`pct stop 100`); the hypervisor itself has none. */
  readonly vmid: number | undefined;
}

const network = '10.92.3';

/** The controller's address: the lab's bridge, in a network namespace of its own. */
export const controllerAddress = `${network}.1`;

const machine = (number: number, alias: string, vmid?: number): LabNode => ({
  name: `n${number}`,
  alias,
  number,
  address: `${network}.${number}`,
  vmid,
});

/** The hosts that run Redis and the bots; the first is the primary when the lab is new. */
export const redisHosts: readonly LabNode[] = [
  machine(27, 'ct100', 100),
  machine(28, 'ct101', 101),
  machine(29, 'ct102', 102),
];

/** The machine that cuts the others' power: sshd and `pct`, no Redis. */
export const hypervisorNode: LabNode = machine(2, 'hypervisor');

export const allNodes: readonly LabNode[] = [...redisHosts, hypervisorNode];

/** Finds a machine by `n27`, `27`, `ct100` or `10.92.3.27`. Throws if there is none of that name. */
export function findNode(name: string): LabNode {
  const found = allNodes.find((node) =>
    [node.name, node.alias, String(node.number), node.address].includes(name),
  );
  if (found) return found;
  const known = allNodes.map((node) => `${node.name} (${node.alias})`).join(', ');
  throw new Error(`the lab has no machine '${name}'; it knows ${known}`);
}

/** Finds a host by its number at the hypervisor. */
export function nodeOfVmid(vmid: number): LabNode | undefined {
  return redisHosts.find((node) => node.vmid === vmid);
}
