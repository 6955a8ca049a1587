import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { closeAdmin, connectAdmin } from '../redis/admin-connection.ts';
import { info } from '../redis/info.ts';
import { type RedisPair, startPair } from '../redis/redis-pair.ts';
import { until } from '../redis/until.ts';
import { type BenchOptions, runInTurn } from './bench-run.ts';
import type { Contender } from './contender.ts';

/** Keys, at worst over all runs. */
interface EmptyRestartSummary {
  /** Written, and confirmed by the replica, before the kill. */
  keysBefore: number;
  /** Of these, on whichever node is the primary at the end. */
  keysAfter: number;
  /** Runs at whose end there was one primary with a replica in sync. */
  settledRuns: number;
}

export interface EmptyRestartResult {
  bench: 'empty-restart';
  runs: number;
  contenders: Record<string, EmptyRestartSummary>;
}

interface KeptKeys {
  keysBefore: number;
  keysAfter: number;
  settled: boolean;
}

const KEYS = Array.from({ length: 1_000 }, (_, index) => `k:${index}`);
/** How many of them the snapshot has that the primary comes back with. */
const OLD_KEYS = 10;
/** Debian's unit: Restart=always, RestartSec=100ms. */
const RESTART_AFTER_MS = 100;
const WATCH_MS = 20_000;
const HOLD_MS = 1_000;

/**
 * RUNBOOK R12: the primary dies and is back at once with an old snapshot; its replica, left alone, syncs from it and
 * loses what only it still had. Redis's default replication settings.
 */
export async function benchEmptyRestart(options: BenchOptions<Contender>): Promise<EmptyRestartResult> {
  const measures = await runInTurn(options, {
    startPair: () => startPair({ save: '900 1', appendonly: false }),
    measure: ({ pair }) => measureRestart(pair),
  });
  const contenders = Object.entries(measures).map(([name, runs]) => [name, summarize(runs)] as const);
  return { bench: 'empty-restart', runs: options.runs, contenders: Object.fromEntries(contenders) };
}

async function measureRestart(pair: RedisPair): Promise<KeptKeys> {
  const old = await pair.primary.admin();
  const write = (keys: readonly string[]) => old.mset(Object.fromEntries(keys.map((key) => [key, '1'])));
  await write(KEYS.slice(0, OLD_KEYS));
  await until('the old snapshot', () => saved(old));
  await write(KEYS);
  await old.wait(1, 10_000);
  const replica = await pair.replica.admin();
  const keysBefore = await replica.exists(...KEYS);
  await pair.primary.kill('SIGKILL');
  await delay(RESTART_AFTER_MS);
  await pair.primary.restart();
  const settled = await untilSettled(pair);
  return { keysBefore, keysAfter: await withNodes(pair, keysOnPrimary), settled };
}

/** SAVE is refused while a background save runs, such as the one for the replica's first copy. */
async function saved(server: Redis): Promise<boolean> {
  return server.save().then(
    () => true,
    (error: Error) => {
      if (error.message.includes('in progress')) return false;
      throw error;
    },
  );
}

/** Fresh connections for one look: whoever demotes a primary sends its clients away, us among them. */
async function withNodes<T>(pair: RedisPair, look: (nodes: readonly Redis[]) => Promise<T>): Promise<T> {
  const nodes = await Promise.all([connectAdmin(pair.primary.address), connectAdmin(pair.replica.address)]);
  try {
    return await look(nodes);
  } finally {
    for (const node of nodes) closeAdmin(node);
  }
}

/** True when one node has been the primary of the other, with the link up, for HOLD_MS; false if that never came. */
async function untilSettled(pair: RedisPair): Promise<boolean> {
  const ports = [pair.primary.port, pair.replica.port];
  const deadline = performance.now() + WATCH_MS;
  let since: { order: string; at: number } | undefined;
  while (performance.now() < deadline) {
    const order = await withNodes(pair, (nodes) => linkedOrder(nodes, ports)).catch(() => undefined);
    if (order === undefined) since = undefined;
    else if (since?.order !== order) since = { order, at: performance.now() };
    else if (performance.now() - since.at > HOLD_MS) return true;
    await delay(20);
  }
  return false;
}

/**
 * Who is the replica of whom, if that is so and the link is up. The killed node came back with a replication id of
 * its own, so the two can share one only after a sync that happened since.
 */
async function linkedOrder(nodes: readonly Redis[], ports: readonly number[]): Promise<string | undefined> {
  const seen = await Promise.all(nodes.map((node) => info(node, 'replication')));
  const leader = seen.findIndex((fields) => fields.role === 'master');
  const follower = seen.findIndex((fields) => fields.role === 'slave');
  const [lead, follow] = [seen[leader], seen[follower]];
  if (lead === undefined || follow === undefined) return undefined;
  const linked =
    follow.master_port === String(ports[leader]) &&
    follow.master_link_status === 'up' &&
    follow.master_replid === lead.master_replid;
  return linked ? `${leader} leads` : undefined;
}

/** With two primaries a client may be at either: the one that has less counts. With none, nothing is kept. */
async function keysOnPrimary(nodes: readonly Redis[]): Promise<number> {
  const counts: number[] = [];
  for (const node of nodes) {
    if ((await info(node, 'replication')).role === 'master') counts.push(await node.exists(...KEYS));
  }
  return counts.length === 0 ? 0 : Math.min(...counts);
}

function summarize(runs: readonly KeptKeys[]): EmptyRestartSummary {
  return {
    keysBefore: Math.min(...runs.map((run) => run.keysBefore)),
    keysAfter: Math.min(...runs.map((run) => run.keysAfter)),
    settledRuns: runs.filter((run) => run.settled).length,
  };
}
