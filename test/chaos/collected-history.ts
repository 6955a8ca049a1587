import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBotRuns } from '../demo/bot-record.ts';
import type { ChaosStage } from './chaos-stage.ts';
import { type EndView, leaderOf } from './end-state.ts';
import type { History, KeptData } from './history.ts';
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
  const copies: KeptData[] = [];
  for (const { node, path, epoch, file } of keeper.copies.values()) {
    copies.push({ node, path, epoch, holds: await keysHeld([...missing], file) });
  }
  return {
    acked: end.acked,
    missing,
    transitions: [...keeper.transitions.values()].sort((a, b) => a.epoch - b.epoch),
    probes: keeper.probes,
    copies,
    untold: await untoldCopies(stage, copies, missing),
    botRuns: readBotRuns(stage.records),
    faults: done,
    spoilt: done.flatMap(({ spoiltAt: at, node, from }) =>
      at === undefined || node === undefined ? [] : [{ node, from, at }],
    ),
    rejoined: keeper.rejoined,
    wallOffsetMs,
  };
}

async function untoldCopies(
  stage: ChaosStage,
  told: readonly KeptData[],
  missing: ReadonlySet<string>,
): Promise<KeptData[]> {
  const untold: KeptData[] = [];
  for (const node of stage.nodes) {
    const folder = join(stage.units(node), 'preserved');
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      if (!name.endsWith('.rdb') || told.some((copy) => copy.path === path)) continue;
      // One that its maker did not live to finish is none.
      const holds = await keysHeld([...missing], path).catch(() => new Set<string>());
      untold.push({ node, path, epoch: Number(/epoch(\d+)/.exec(name)?.[1] ?? 0), holds });
    }
  }
  return untold;
}

/** Beside the rest of what was recorded, for who looks into it later. */
export async function keepHistory(
  { folder }: ChaosStage,
  { acked: _inItsFile, ...history }: History,
): Promise<void> {
  const plain = (_name: string, value: unknown): unknown => (value instanceof Set ? [...value] : value);
  await writeFile(join(folder, 'history.json'), `${JSON.stringify(history, plain, 1)}\n`);
}
