import { readFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { startUnit } from '../../controller/local-host/unit-control.ts';
import type { Status } from '../../crd/status.ts';
import { closeAdmin, connectAdmin } from '../redis/admin-connection.ts';
import { info } from '../redis/info.ts';
import { understudy } from './controller-process.ts';
import { isReady, type Play, type Step, untilBotsWorkOn, untilStatus } from './play.ts';
import { type NodeName, redisUnit, type Stage } from './stage.ts';

/** How many writes the primary acknowledges while its replica is cut off, before it is killed. */
const divergingWrites = 100;

export const switchover: Step = {
  name: 'switchover',
  says: 'A planned move. One line of group.yaml is edited (spec.primary: ct100 becomes ct101) while four writers go on writing: none of the writes that were acknowledged to them may be lost, and no bot may run twice.',
  act: async (play) => {
    const before = play.status.latest.epoch ?? 0;
    play.narrator.tell('group.yaml: primary: ct101');
    await editPrimary(play.stage, 'ct100', 'ct101');
    await untilMoved(play, { to: 'ct101', kind: 'Switchover', before });
  },
};

export const failover: Step = {
  name: 'failover',
  says: "A crash that hurts. The standby is stalled and cut off for a moment, so that the primary's last acknowledged writes are nowhere else; then the primary's redis-server gets SIGKILL.",
  act: async (play) => {
    const before = play.status.latest.epoch ?? 0;
    await crash(play, 'ct101', 'ct100');
    await untilMoved(play, { to: 'ct100', kind: 'Failover', before });
  },
};

export const rejoin: Step = {
  name: 'rejoin',
  says: 'The dead server comes back, as a second primary, with writes that nobody else has. They are counted and copied aside before it becomes a replica. The bots do not notice.',
  act: async (play) => {
    play.narrator.tell(`ct101: ${redisUnit} started again`);
    await startUnit(play.stage.units('ct101'), redisUnit);
    const follows = (status: Status) =>
      isReady(status) &&
      status.nodes?.some(
        ({ name, role, linkStatus }) => name === 'ct101' && role === 'replica' && linkStatus === 'up',
      ) === true;
    await untilStatus(play, 'ct101 is a replica of ct100', follows);
  },
};

export const failback: Step = {
  name: 'failback',
  says: 'Back to where spec.primary has it: `understudy failback`. Until someone says so, the primary stays where the failover has put it (failback.policy: Manual).',
  act: async (play) => {
    const before = play.status.latest.epoch ?? 0;
    play.narrator.tell('understudy failback --file group.yaml');
    await understudy('failback', '--file', play.stage.groupFile);
    await untilMoved(play, { to: 'ct101', kind: 'Failback', before });
  },
};

/** As an editor does it: a new file, renamed over the old one; nothing but the one word differs. */
async function editPrimary({ groupFile }: Stage, from: NodeName, to: NodeName): Promise<void> {
  const text = await readFile(groupFile, 'utf8');
  await writeFile(`${groupFile}.edited`, text.replace(`  primary: ${from}`, `  primary: ${to}`));
  await rename(`${groupFile}.edited`, groupFile);
}

async function untilMoved(play: Play, move: { to: NodeName; kind: string; before: number }): Promise<void> {
  await untilStatus(play, `${move.kind} to ${move.to}`, ({ currentPrimary, transition, lastTransition }) =>
    [
      currentPrimary === move.to,
      transition === undefined,
      lastTransition?.kind === move.kind && lastTransition.epoch > move.before,
    ].every(Boolean),
  );
  await untilBotsWorkOn(play, move.to);
  // After a failover the other node is down: only a planned move ends with everything as it should be.
  if (move.kind !== 'Failover') await untilStatus(play, 'the group is Ready', isReady);
}

async function crash({ stage, narrator, traffic, meter }: Play, primary: NodeName, standby: NodeName) {
  const [victim, bystander] = await Promise.all([
    connectAdmin(stage.address[primary]),
    connectAdmin(stage.address[standby]),
  ]);
  const pids = await Promise.all([pidOf(victim), pidOf(bystander)]);
  const [victimPid, bystanderPid] = pids;
  try {
    // With the 1 that the controller keeps there, a primary whose replica is gone takes no write that could be lost.
    await victim.config('SET', 'min-replicas-to-write', '0');
    process.kill(bystanderPid, 'SIGSTOP');
    // The signal is not carried out at once.
    await delay(5);
    await victim.call('CLIENT', 'KILL', 'TYPE', 'replica');
    narrator.tell(
      `${standby} stalled and cut off from ${primary}, whose min-replicas-to-write was taken away`,
    );
    await traffic.acked(meter.total + divergingWrites);
    process.kill(victimPid, 'SIGKILL');
    narrator.tell(`SIGKILL to ${primary}'s redis-server (pid ${victimPid})`);
  } finally {
    process.kill(bystanderPid, 'SIGCONT');
    closeAdmin(victim);
    closeAdmin(bystander);
  }
}

async function pidOf(connection: Awaited<ReturnType<typeof connectAdmin>>): Promise<number> {
  return Number((await info(connection, 'server')).process_id);
}
