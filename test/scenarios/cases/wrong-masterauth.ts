import { nodeNames } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

async function spoil(stage: Stage): Promise<void> {
  for (const node of nodeNames) {
    await stage.lab.redis(node, 'CONFIG', 'SET', 'masterauth', 'wrong');
    await stage.lab.redis(node, 'CONFIG', 'REWRITE');
  }
  // The replica logs in anew, and is refused.
  await stage.lab.redis('ct100', 'CLIENT', 'KILL', 'TYPE', 'replica');
  await stage.redisSays('ct101', 'master_link_status:down');
}

export const wrongMasterauth: Scenario = {
  name: 'wrong-masterauth',
  about: 'Neither node could log in to the other: that is mended before it matters, and a switchover works.',
  before: spoil,
  run: async (stage) => {
    await stage.redisSays('ct101', 'master_link_status:up');
    await stage.command('switchover', 'ct101');
    await stage.settled('ct101');
    return { primary: 'ct101' };
  },
};
