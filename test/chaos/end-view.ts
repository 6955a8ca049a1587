import { randomUUID } from 'node:crypto';
import { readBotRuns } from '../demo/bot-record.ts';
import { missingKeys } from '../demo/missing-keys.ts';
import { processesOf } from '../demo/own-processes.ts';
import { monotonicMs } from '../traffic/monotonic.ts';
import { bots, type ChaosStage } from './chaos-stage.ts';
import { type EndView, leaderOf, type NodeEnd } from './end-state.ts';
import { keyOf, type WriteRecord } from './write-log.ts';

/** How long (ms) the replicas may take for the last write of all. */
const replicatedMs = 3_000;

/** Looks at everything when all is over; `stopped`: when the writers were told to stop (monotonic ms). */
export async function viewTheEnd(
  stage: ChaosStage,
  acked: readonly WriteRecord[],
  stopped: number,
): Promise<EndView> {
  const infos = [];
  for (const name of stage.nodes) infos.push({ name, info: await stage.info(name).catch(() => ({})) });
  const mark = await markTheEnd(stage, leaderOf(infos));
  const keys = acked.map(keyOf);
  const nodes: NodeEnd[] = [];
  for (const { name, info } of infos) {
    const last = await stage.admin(name, (admin) => admin.get('chaos:end')).catch(() => null);
    const missing = new Set(await missingKeys(keys, stage.address(name)).catch(() => keys));
    nodes.push({ name, port: stage.doorPort(name), info, hasLast: last === mark, missing });
  }
  const living = processesOf(stage.folder);
  const botRuns = readBotRuns(stage.records).filter(({ pid }) => living.includes(pid));
  return { nodes, bots, botRuns, acked, now: monotonicMs(), stopped };
}

/** Writes something to the primary that no replica can have had before, and waits for them to have it. */
async function markTheEnd(stage: ChaosStage, leader: string | undefined): Promise<string> {
  const mark = randomUUID();
  if (leader === undefined) return mark;
  await stage
    .admin(leader, async (admin) => {
      await admin.set('chaos:end', mark);
      await admin.wait(stage.nodes.length - 1, replicatedMs);
    })
    .catch(() => undefined);
  return mark;
}
