import type { LogLine } from '../controller-run.ts';
import { redisUnit } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

const other = (node: string): 'ct100' | 'ct101' => (node === 'ct100' ? 'ct101' : 'ct100');

/** A moment: when the action was done, or so many ms later, in the midst of the next one. */
type Moment = readonly [action: string, laterMs?: number];

/** Kills the controller at a moment of the move that `begin` begins, and starts it again. */
async function killedAt(stage: Stage, [action, laterMs]: Moment, begin: () => Promise<void>): Promise<void> {
  const isIt = (line: LogLine) => line.msg === 'acted' && line.action === action;
  const killed = stage.killControllerAt(action, isIt, laterMs);
  await begin();
  await killed;
  stage.startController();
}

const inSwitchover: readonly Moment[] = [
  ['record'],
  ['record', 50],
  ['stopUnits'],
  ['stopUnits', 5],
  ['handOver'],
  ['handOver', 50],
  ['startUnits'],
  ['persistRole'],
];

const inFailover: readonly Moment[] = [
  ['record'],
  ['promote'],
  ['promote', 30],
  ['stopUnits', 50],
  ['startUnits'],
];

export const killedInSwitchover: Scenario = {
  name: 'controller-killed-in-switchover',
  about: 'The controller is killed at moments of a switchover in turn, and started again: nothing is lost.',
  run: async (stage) => {
    let leader = 'ct100';
    for (const moment of inSwitchover) {
      const to = other(leader);
      await killedAt(stage, moment, async () => stage.edit(['spec', 'primary'], to));
      await stage.settled(to);
      leader = to;
    }
    return { primary: leader };
  },
};

export const killedInFailover: Scenario = {
  name: 'controller-killed-in-failover',
  about: 'The controller is killed at moments of a failover in turn, and started again: no bot runs twice.',
  run: async (stage) => {
    let leader = 'ct100';
    for (const moment of inFailover) {
      await killedAt(stage, moment, async () => void (await stage.crash(leader, redisUnit)));
      await stage.tookOver(other(leader));
      await stage.on(leader, `systemctl start ${redisUnit}`);
      await stage.settled(other(leader));
      leader = other(leader);
    }
    return { primary: leader, mayLose: true };
  },
};
