import type { Lab } from '../lab/lab.ts';
import { findNode, hypervisorNode } from '../lab/lab-nodes.ts';

export const nodeNames = ['ct100', 'ct101'] as const;
export type NodeName = (typeof nodeNames)[number];

export const groupName = 'quantshift';
export const units = ['quantshift-equity.service', 'quantshift-crypto.service'] as const;
export const redisUnit = 'redis-server.service';

/** What a scenario has otherwise than the rest. */
export interface GroupOptions {
  readonly failover?: Readonly<Record<string, unknown>>;
  readonly switchover?: Readonly<Record<string, unknown>>;
  /** The hypervisor can switch the nodes off. */
  readonly isFencedOutOfBand?: boolean;
  /** The login on the nodes; root if not told. */
  readonly user?: string;
}

/** Short waits: a scenario shall take seconds. */
const failover = {
  unreachableAfterSeconds: 2,
  stoppedGraceSeconds: 1,
  leaseSeconds: 5,
  cooldownSeconds: 0,
};

/** The group of the runbook's installation, as the design has it, in the lab. */
export function groupDocument(lab: Lab, options: GroupOptions = {}): object {
  const node = (name: NodeName) => {
    const { address, vmid } = findNode(name);
    const ssh = { host: hypervisorNode.address, user: 'root' };
    const fence = {
      ssh,
      command: ['pct', 'stop', String(vmid)],
      confirm: { command: ['pct', 'status', String(vmid)], stdout: 'status: stopped' },
    };
    return {
      name,
      redis: { host: address, port: 6379 },
      ssh: { host: address, user: options.user ?? 'root' },
      ...(options.isFencedOutOfBand === true ? { fence } : {}),
    };
  };
  return {
    apiVersion: 'understudy.dev/v1alpha1',
    kind: 'FailoverGroup',
    metadata: { name: groupName },
    spec: {
      primary: 'ct100',
      nodes: nodeNames.map(node),
      redis: {
        auth: { passwordFrom: { file: lab.passwordFile } },
        unit: redisUnit,
        config: { maxmemory: '512mb', 'maxmemory-policy': 'allkeys-lru', save: '900 1' },
      },
      ssh: {
        privateKeyFrom: { file: lab.privateKeyFile },
        knownHostsFrom: { file: lab.knownHostsFile },
      },
      units: units.map((name) => ({ name })),
      failover: { ...failover, ...options.failover },
      ...(options.switchover === undefined ? {} : { switchover: options.switchover }),
    },
  };
}
