import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ackedKeys, monotonicMs, overlapMs, readBotRecords, unitsGapMs } from '../../lab/bot-log.ts';
import { Lab } from '../../lab/lab.ts';
import { LabPaths } from '../../lab/lab-paths.ts';
import { freshHosts } from '../../scenarios/fresh-hosts.ts';
import type { GroupOptions, NodeName } from '../../scenarios/group-document.ts';
import { nodeNames } from '../../scenarios/group-document.ts';
import { missingKeys } from '../../scenarios/held-keys.ts';
import { Stage } from '../../scenarios/stage.ts';
import { keysOf } from '../../traffic/acked-keys.ts';

export const other = (node: NodeName): NodeName => (node === 'ct100' ? 'ct101' : 'ct100');

/** What bots and writers saw of a whole play. */
export interface Seen {
  readonly overlapMs: number;
  readonly lostWrites: number;
  readonly ackedWrites: number;
}

/** A lab of its own, torn down when the work has ended, however. */
export async function inLab<T>(progress: (line: string) => void, work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = new Lab({ folder: join(LabPaths.shared, `bench-${process.pid}`), say: progress });
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void lab.clean().finally(() => process.exit(130)));
  try {
    await lab.up({ hypervisor: true });
    return await work(lab);
  } finally {
    await lab.clean();
  }
}

/** Fresh hosts with the runbook's installation and what the controller needs; everything of it is ended afterwards. */
export async function onStage<T>(
  lab: Lab,
  options: GroupOptions,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  await freshHosts(lab);
  const folder = mkdtempSync(join(tmpdir(), 'understudy-bench-lab-'));
  const stage = new Stage(lab, folder, options);
  try {
    return await work(stage);
  } finally {
    await stage.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From the last tick on the old node to the first on the new one, of the slower bot; waits until it is there. */
export async function arrivedGap(lab: Lab, from: NodeName, to: NodeName, sinceMs: number): Promise<number> {
  return arrived(lab, (records) => unitsGapMs(records, { from, to, sinceMs }));
}

/** From a moment to the first tick of the last bot on a node. */
export async function runningAfter(lab: Lab, to: NodeName, sinceMs: number): Promise<number> {
  return arrived(lab, (records) => {
    const firsts = records
      .filter(({ node }) => node === to)
      .map(({ events }) => events.find(({ kind, atMs }) => kind === 'tick' && atMs >= sinceMs)?.atMs);
    const known = firsts.filter((ms) => ms !== undefined);
    return known.length < firsts.length ? undefined : Math.max(...known) - sinceMs;
  });
}

const patienceMs = 60_000;

async function arrived(
  lab: Lab,
  measure: (records: ReturnType<typeof readBotRecords>) => number | undefined,
): Promise<number> {
  const until = monotonicMs() + patienceMs;
  while (monotonicMs() < until) {
    const ms = measure(readBotRecords(lab, nodeNames));
    if (ms !== undefined) return ms;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the bots did not arrive within ${patienceMs / 1000} s`);
}

/** Ends the writers, and holds what was acknowledged to them and to the bots against what the primary has. */
export async function tally({ lab, traffic }: Stage, primary: NodeName): Promise<Seen> {
  await traffic?.stop();
  const outside = await traffic?.report();
  const records = readBotRecords(lab, nodeNames);
  const keys = [...ackedKeys(records), ...keysOf(outside?.acked ?? [])];
  return {
    overlapMs: overlapMs(records),
    lostWrites: (await missingKeys(lab, primary, keys)).length,
    ackedWrites: keys.length,
  };
}
