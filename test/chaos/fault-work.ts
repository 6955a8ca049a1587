import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { livingProcess } from '../../controller/local-host/process-stat.ts';
import { stopUnit } from '../../controller/local-host/unit-control.ts';
import { UnitFolder } from '../../controller/local-host/unit-folder.ts';
import { readRecord } from '../../controller/local-host/unit-record.ts';
import { bots, type ChaosStage, controllerName, redisUnit } from './chaos-stage.ts';
import type { Comeback } from './fault-plan.ts';

/** How a server comes back that was killed. */
interface Return {
  readonly downMs: number;
  readonly comeback: Comeback;
  /** Called when its data is taken away. */
  readonly spoilt: () => void;
}

/** SIGKILLs the server of the node, and brings it back after a while with what is left of its data. */
export async function killRedis(stage: ChaosStage, node: string, terms: Return): Promise<void> {
  const pid = pidOf(stage, node, redisUnit);
  signal(pid, 'SIGKILL');
  await bringBack(stage, node, terms);
  demandStruck(pid);
}

async function bringBack(
  stage: ChaosStage,
  node: string,
  { downMs, comeback, spoilt }: Return,
): Promise<void> {
  while (pidOf(stage, node, redisUnit) !== undefined) await delay(1);
  if (comeback !== 'all its data') {
    await spoil(stage, node, comeback);
    spoilt();
  }
  await delay(downMs);
  await stage.startRedis(node);
  if (comeback === 'an old snapshot') await keepAppending(stage, node);
}

/** Cleanly, as a package upgrade does. */
export async function stopRedis(stage: ChaosStage, node: string, downMs: number): Promise<void> {
  const pid = pidOf(stage, node, redisUnit);
  // What hangs does not stop, and is killed at last.
  await stopUnit(stage.units(node), redisUnit);
  await delay(downMs);
  await stage.startRedis(node);
  demandStruck(pid);
}

export async function hangRedis(stage: ChaosStage, node: string, forMs: number): Promise<void> {
  const pid = pidOf(stage, node, redisUnit);
  demandStruck(pid);
  signal(pid, 'SIGSTOP');
  await delay(forMs);
  signal(pid, 'SIGCONT');
}

/** Keeps an RDB file of the server as it is now, for an old snapshot to come. */
export async function keepSnapshot(stage: ChaosStage, node: string): Promise<void> {
  await stage.admin(node, (admin) => admin.save());
  await cp(join(stage.data(node), 'dump.rdb'), snapshotOf(stage, node));
}

async function spoil(stage: ChaosStage, node: string, comeback: Comeback): Promise<void> {
  const data = stage.data(node);
  await rm(data, { recursive: true, force: true });
  await mkdir(data);
  if (comeback === 'nothing') return;
  await cp(snapshotOf(stage, node), join(data, 'dump.rdb')).catch(() => undefined);
  // With an append-only file Redis does not look at the snapshot.
  await editConfig(stage, node, 'no');
}

async function keepAppending(stage: ChaosStage, node: string): Promise<void> {
  await stage.admin(node, async (admin) => {
    await admin.config('SET', 'appendonly', 'yes');
    await admin.config('REWRITE');
  });
}

async function editConfig(stage: ChaosStage, node: string, appendonly: 'yes' | 'no'): Promise<void> {
  const file = stage.configFile(node);
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/^appendonly \w+$/m, `appendonly ${appendonly}`), { mode: 0o600 });
}

const snapshotOf = (stage: ChaosStage, node: string): string => join(stage.folder, node, 'old.rdb');

/** Cuts or slows the ways to and from the node, and mends them. */
export async function disturb(
  stage: ChaosStage,
  node: string,
  terms: { ways: 'controller' | 'nodes' | 'all'; forMs: number; delayMs?: number },
): Promise<void> {
  const bad = terms.delayMs === undefined ? { cut: true } : { delayMs: terms.delayMs };
  const good = terms.delayMs === undefined ? { cut: false } : { delayMs: 0 };
  for (const [door, source] of ways(stage, node, terms.ways)) stage.weather(door, source, bad);
  await delay(terms.forMs);
  for (const [door, source] of ways(stage, node, terms.ways)) stage.weather(door, source, good);
}

function ways(
  { nodes }: ChaosStage,
  node: string,
  which: 'controller' | 'nodes' | 'all',
): (readonly [door: string, source: string])[] {
  const others = nodes.filter((other) => other !== node);
  return [
    ...(which === 'nodes' ? [] : [[node, controllerName] as const]),
    ...(which === 'controller'
      ? []
      : others.flatMap((other) => [[node, other] as const, [other, node] as const])),
  ];
}

/** Its last writes go nowhere else, and it dies with them. */
export async function dieAlone(
  stage: ChaosStage,
  node: string,
  terms: Return & { readonly aloneMs: number },
): Promise<void> {
  for (const [door, source] of ways(stage, node, 'nodes')) stage.weather(door, source, { cut: true });
  await delay(terms.aloneMs);
  const pid = pidOf(stage, node, redisUnit);
  signal(pid, 'SIGKILL');
  for (const [door, source] of ways(stage, node, 'nodes')) {
    stage.drop(door, source);
    stage.weather(door, source, { cut: false });
  }
  await bringBack(stage, node, terms);
  demandStruck(pid);
}

/** SIGKILLs the bot wherever it runs. */
export function killBot(stage: ChaosStage, bot: number): void {
  const unit = `${bots[bot] ?? bots[0]}.service`;
  const pids = stage.nodes.flatMap((node) => pidOf(stage, node, unit) ?? []);
  for (const pid of pids) signal(pid, 'SIGKILL');
  demandStruck(pids[0]);
}

export async function deafen(
  stage: ChaosStage,
  forMs: number,
  meanwhile: () => Promise<void>,
): Promise<void> {
  await Promise.all(stage.nodes.map((node) => writeFile(stage.deafFile(node), '')));
  await meanwhile();
  await delay(forMs);
  await Promise.all(stage.nodes.map((node) => rm(stage.deafFile(node), { force: true })));
}

/** No snapshot of the node can be written: where it belongs there is a folder now. */
export async function fillDisk(stage: ChaosStage, node: string, forMs: number): Promise<void> {
  const file = join(stage.data(node), 'dump.rdb');
  await rm(file, { recursive: true, force: true });
  await mkdir(join(file, 'full'), { recursive: true });
  await delay(forMs);
  await rm(file, { recursive: true, force: true });
}

export async function promoteByHand(stage: ChaosStage, node: string): Promise<void> {
  await stage.admin(node, (admin) => admin.call('REPLICAOF', 'NO', 'ONE'));
}

/** The main process of a unit, while it lives. */
function pidOf(stage: ChaosStage, node: string, unit: string): number | undefined {
  const main = readRecord(new UnitFolder(stage.units(node)).place(unit).record)?.main;
  return main === undefined || livingProcess(main) === undefined ? undefined : main.pid;
}

/** A fault that found nobody to strike was none. */
function demandStruck(pid: number | undefined): void {
  if (pid === undefined) throw new Error('it did not run: nobody was struck');
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, name);
  } catch {
    // gone meanwhile
  }
}
