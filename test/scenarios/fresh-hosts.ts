import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { findNode } from '../lab/lab-nodes.ts';
import { until } from '../redis/until.ts';
import { nodeNames } from './group-document.ts';

/** Puts the hosts back to the runbook's installation with empty disks, whatever was done to them: about 3 s. */
export async function freshHosts(lab: Lab): Promise<void> {
  await lab.unsplit();
  await Promise.all(nodeNames.map((node) => takeAway(lab, node)));
  await lab.up({ hypervisor: true });
  await Promise.all(nodeNames.map((node) => until(`Redis of ${node} is up`, () => answers(lab, node))));
  // A host that is asked to sync waits 5 s, in case others ask too.
  await lab.redis('ct100', 'CONFIG', 'SET', 'repl-diskless-sync-delay', '0');
  await until('the replica is in sync', async () =>
    (await lab.redis('ct101', 'INFO', 'replication')).includes('master_link_status:up'),
  );
  await lab.redis('ct100', 'CONFIG', 'SET', 'repl-diskless-sync-delay', '5');
}

async function takeAway(lab: Lab, node: string): Promise<void> {
  await lab.heal(node);
  if (lab.isOn(node)) await lab.kill(node);
  rmSync(join(lab.disk(node), '..'), { recursive: true, force: true });
}

async function answers(lab: Lab, node: string): Promise<boolean> {
  return lab.redis(findNode(node).name, 'PING').then(
    (answer) => answer === 'PONG',
    () => false,
  );
}
