import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBotRuns } from '../demo/bot-record.ts';
import type { ChaosStage } from './chaos-stage.ts';
import { type EndView, leaderOf } from './end-state.ts';
import type { History } from './history.ts';
import { keysHeld } from './keys-held.ts';
import type { DoneFault } from './mayhem.ts';
import type { RecordKeeper } from './record-keeper.ts';

/** All that was recorded of a run, put together when it is over. */
export async function historyOf(
  { stage, keeper }: { readonly stage: ChaosStage; readonly keeper: RecordKeeper },
  done: readonly DoneFault[],
  { end, wallOffsetMs }: { end: EndView; wallOffsetMs: number },
): Promise<History> {
  await keeper.settled();
  const leader = end.nodes.find(({ name }) => name === leaderOf(end.nodes)) ?? end.nodes[0];
  const missing = leader?.missing ?? new Set<string>();
  const copies = [];
  for (const { node, path, epoch, file } of keeper.copies.values()) {
    copies.push({ node, path, epoch, holds: await keysHeld([...missing], file) });
  }
  return {
    acked: end.acked,
    missing,
    transitions: [...keeper.transitions.values()].sort((a, b) => a.epoch - b.epoch),
    probes: keeper.probes,
    copies,
    botRuns: readBotRuns(stage.records),
    faults: done,
    spoilt: done.flatMap(({ spoiltAt: at, node, from }) =>
      at === undefined || node === undefined ? [] : [{ node, from, at }],
    ),
    rejoined: keeper.rejoined,
    wallOffsetMs,
  };
}

/** Beside the rest of what was recorded, for who looks into it later. */
export async function keepHistory(
  { folder }: ChaosStage,
  { acked: _inItsFile, ...history }: History,
): Promise<void> {
  const plain = (_name: string, value: unknown): unknown => (value instanceof Set ? [...value] : value);
  await writeFile(join(folder, 'history.json'), `${JSON.stringify(history, plain, 1)}\n`);
}
