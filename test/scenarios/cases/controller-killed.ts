import { redisUnit } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

const other = (node: string): 'ct100' | 'ct101' => (node === 'ct100' ? 'ct101' : 'ct100');

/** Kills the controller as soon as it has done the action, while `begin` has it move the primary, and starts it again. */
async function killedAfter(stage: Stage, action: string, begin: () => Promise<void>): Promise<void> {
  const killed = stage.killControllerAt(action, (line) => line.msg === 'acted' && line.action === action);
  await begin();
  await killed;
  stage.startController();
}

export const killedInSwitchover: Scenario = {
  name: 'controller-killed-in-switchover',
  about:
    'The controller is killed after each step of a switchover in turn, and started again: nothing is lost.',
  run: async (stage) => {
    let leader = 'ct100';
    for (const step of ['record', 'stopUnits', 'handOver', 'startUnits', 'persistRole']) {
      const to = other(leader);
      await killedAfter(stage, step, async () => stage.edit(['spec', 'primary'], to));
      await stage.settled(to);
      leader = to;
    }
    return { primary: leader };
  },
};

export const killedInFailover: Scenario = {
  name: 'controller-killed-in-failover',
  about:
    'The controller is killed after each step of a failover in turn, and started again: no bot runs twice.',
  run: async (stage) => {
    let leader = 'ct100';
    for (const step of ['record', 'promote', 'stopUnits', 'startUnits']) {
      await killedAfter(stage, step, async () => void (await stage.crash(leader, redisUnit)));
      await stage.tookOver(other(leader));
      await stage.on(leader, `systemctl start ${redisUnit}`);
      await stage.settled(other(leader));
      leader = other(leader);
    }
    return { primary: leader, mayLose: true };
  },
};
