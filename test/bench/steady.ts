import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { info } from '../redis/info.ts';
import type { RedisPair } from '../redis/redis-pair.ts';
import { startPair } from '../redis/redis-pair.ts';
import { Understudy } from './contenders/understudy.ts';
import { cpuSeconds, residentMb } from './process-cost.ts';

/** What one converged group costs while nothing happens. */
export interface SteadyResult {
  bench: 'steady';
  seconds: number;
  /** Changes of any kind: commands to Redis that change something, files of units and of status. */
  writes: number;
  cpuPercent: number;
  rssMb: number;
  /** Commands per second to both servers together, for looking. */
  looksPerSecond: number;
}

const units = ['bot-one.service', 'bot-two.service'];
const settleMs = 3_000;
const sampleMs = 1_000;

/** Commands that only look, as INFO commandstats names them; ours in this bench, and the replica's own. */
const looking =
  /^(?:info|config\|get|pubsub\|numsub|client\|(?:list|setname|setinfo|info|id|getname)|hello|auth|ping|replconf|psync|command.*|select)$/;

export async function benchSteady(seconds: number): Promise<SteadyResult> {
  const pair = await startPair();
  const understudy = new Understudy(units);
  try {
    await understudy.setUp(pair);
    await delay(settleMs);
    return await measure(pair, understudy, seconds);
  } finally {
    await understudy.tearDown();
    await pair.stop();
  }
}

async function measure(pair: RedisPair, understudy: Understudy, seconds: number): Promise<SteadyResult> {
  const pid = understudy.pid;
  if (pid === undefined) throw new Error('the controller does not run');
  const servers = [await pair.primary.admin(), await pair.replica.admin()];
  const before = {
    calls: await callsOf(servers),
    files: filesBelow(understudy.directory),
    cpu: cpuSeconds(pid),
  };
  const begun = performance.now();
  let rssMb = 0;
  while (performance.now() - begun < seconds * 1_000) {
    await delay(sampleMs);
    rssMb = Math.max(rssMb, residentMb(pid));
  }
  const elapsed = (performance.now() - begun) / 1_000;
  const cpuPercent = ((cpuSeconds(pid) - before.cpu) / elapsed) * 100;
  const after = { calls: await callsOf(servers), files: filesBelow(understudy.directory) };
  const grown = [...after.calls].map(([name, calls]) => ({
    name,
    more: calls - (before.calls.get(name) ?? 0),
  }));
  const sum = (changing: boolean) =>
    grown.filter(({ name }) => looking.test(name) !== changing).reduce((total, { more }) => total + more, 0);
  return {
    bench: 'steady',
    seconds: Math.round(elapsed),
    writes: sum(true) + changedFiles(before.files, after.files),
    cpuPercent: round(cpuPercent),
    rssMb: round(rssMb),
    looksPerSecond: round(sum(false) / elapsed),
  };
}

/** Calls by command, over all servers (INFO commandstats: `cmdstat_config|get:calls=…`). */
async function callsOf(servers: readonly Redis[]): Promise<Map<string, number>> {
  const calls = new Map<string, number>();
  for (const server of servers)
    for (const [name, stats] of Object.entries(await info(server, 'commandstats'))) {
      const command = name.replace('cmdstat_', '');
      const count = Number(/calls=(\d+)/.exec(stats ?? '')?.[1] ?? 0);
      calls.set(command, (calls.get(command) ?? 0) + count);
    }
  return calls;
}

/** Every file with the moment of its last change. */
function filesBelow(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const { mtimeNs, ino } = statSync(path, { bigint: true });
      return [path, `${ino}@${mtimeNs}`];
    }),
  );
}

function changedFiles(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): number {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).length;
}

const round = (value: number): number => Math.round(value * 100) / 100;
