import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Reason } from '../../../reconcilers/reasons.ts';
import { groupName, nodeNames, redisUnit, units } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

const deploy = join(import.meta.dirname, '../../../deploy');
const user = 'understudy';

/** As an operator installs the node's script by hand: an unprivileged login that can do nothing else, and the guards. */
async function install(stage: Stage): Promise<void> {
  const publicKey = readFileSync(`${stage.lab.privateKeyFile}.pub`, 'utf8').trim();
  const input = `${publicKey}\n${readFileSync(join(deploy, 'understudy-node'), 'utf8')}`;
  const words = [groupName, user, redisUnit, '/var/lib/redis', ...units];
  for (const node of nodeNames) {
    const argv = ['sh', '/opt/understudy/deploy/understudy-node-install', ...words];
    const { code, stdout, stderr } = await stage.lab.console(node, argv, { input });
    if (code !== 0) throw new Error(`the node's script was not installed on ${node}: ${stdout}${stderr}`);
  }
}

export const deadHostReturns: Scenario = {
  name: 'dead-host-returns',
  about:
    'A host that lost power comes back with a bot enabled at boot by mistake: the guard keeps it from running.',
  group: { isFencedOutOfBand: true, user },
  failoverReady: Reason.UnitEnabledAtBoot,
  before: async (stage) => {
    await install(stage);
    await stage.on('ct100', `systemctl enable ${units[0]}`);
  },
  run: async (stage) => {
    await stage.lab.kill('ct100');
    await stage.tookOver('ct101');
    await stage.written();
    await stage.lab.boot('ct100');
    await stage.settled('ct101');
    return { primary: 'ct101', mayLose: true };
  },
};
