import { join } from 'node:path';
import { monotonicMs } from '../../lab/bot-log.ts';
import { attempt } from '../../lab/command.ts';
import type { Lab } from '../../lab/lab.ts';
import { findNode } from '../../lab/lab-nodes.ts';
import { until } from '../../redis/until.ts';
import type { NodeName } from '../../scenarios/group-document.ts';
import { units } from '../../scenarios/group-document.ts';
import type { Stage } from '../../scenarios/stage.ts';
import { type Percentiles, percentiles } from '../percentile.ts';
import { arrivedGap, onStage, other, type Seen, tally } from './lab-stage.ts';

export interface SwitchoverFigures extends Seen {
  readonly runs: number;
  /** From a bot's last tick on the old node to its first on the new one; of the slower bot. */
  readonly unitsGapMs: Percentiles;
  /** The longest in which no writer outside was acknowledged anything. */
  readonly writeGapMs: Percentiles;
}

/** As a script calls it: each call a connection of its own. */
const freshSsh = (lab: Lab): string =>
  `ssh -F none -i ${lab.privateKeyFile} -o UserKnownHostsFile=${lab.knownHostsFile} -o StrictHostKeyChecking=yes -o BatchMode=yes -o LogLevel=ERROR`;

/** Moves the stage, and resolves when that is done. */
type Move = (stage: Stage, from: NodeName, to: NodeName) => Promise<void>;

interface Contender {
  /** Gets the group to where ct100 leads and the bots run there. */
  readonly begin: (stage: Stage) => Promise<void>;
  readonly move: Move;
  readonly settled: (stage: Stage, primary: NodeName) => Promise<unknown>;
}

const byUnderstudy: Contender = {
  begin: async (stage) => {
    await stage.keepRedisDown();
    stage.startController();
    await stage.settled('ct100');
  },
  move: (stage, _from, to) => stage.command('switchover', to),
  settled: (stage, primary) => stage.settled(primary),
};

/** R2 as its operators do it, with nobody else about. */
const byRunbook: Contender = {
  begin: async (stage) => {
    await stage.on('ct100', `systemctl start ${units.join(' ')}`);
  },
  move: async ({ lab }, from, to) => {
    const script = join(import.meta.dirname, 'runbook-switchover.sh');
    const command = lab.enter([script, findNode(from).address, findNode(to).address]);
    const { code, stderr } = await attempt(command, { env: { ...process.env, SSH_COMMAND: freshSsh(lab) } });
    if (code !== 0) throw new Error(`the runbook's script: exit ${code}: ${stderr}`);
  },
  settled: (stage, primary) => linked(stage, other(primary)),
};

export const switchContenders = { understudy: byUnderstudy, 'runbook-script': byRunbook };

async function linked({ lab }: Stage, replica: NodeName): Promise<void> {
  await until(`${replica} is in sync`, async () =>
    (await lab.redis(replica, 'INFO', 'replication')).includes('master_link_status:up'),
  );
}

/** Switches back and forth `runs` times under writers, each time from rest. */
export async function benchSwitchovers(
  lab: Lab,
  { begin, move, settled }: Contender,
  runs: number,
): Promise<SwitchoverFigures> {
  return onStage(lab, {}, async (stage) => {
    await begin(stage);
    await stage.startWriters();
    const unitsGaps: number[] = [];
    const writeGaps: number[] = [];
    let primary: NodeName = 'ct100';
    for (let run = 0; run < runs; run += 1) {
      await stage.written();
      const to = other(primary);
      const sinceMs = monotonicMs();
      await move(stage, primary, to);
      unitsGaps.push(await arrivedGap(lab, primary, to, sinceMs));
      await stage.written();
      const report = await stage.traffic?.report({ from: sinceMs });
      writeGaps.push(report?.gap.gapMs ?? 0);
      await settled(stage, to);
      primary = to;
    }
    const seen = await tally(stage, primary);
    return { runs, unitsGapMs: percentiles(unitsGaps), writeGapMs: percentiles(writeGaps), ...seen };
  });
}
