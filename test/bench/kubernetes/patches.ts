import { setTimeout as delay } from 'node:timers/promises';
import { ApiServer } from '../../kubernetes/api-server.ts';
import { apiServerVersion } from '../../kubernetes/assets.ts';
import { acted, type ControllerProcess, type LogLine } from '../../kubernetes/controller-process.ts';
import { FailoverStage, type NodeName } from '../../kubernetes/failover-stage.ts';
import { monotonicMs } from '../../traffic/monotonic.ts';
import type { Traffic } from '../../traffic/traffic.ts';
import { type Percentiles, percentiles } from '../percentile.ts';
import { RoleWatch } from '../role-watch.ts';

/** One patch of spec.primary, in ms from the moment just before it is sent. */
interface Patched {
  /** To the new primary's first answer as one, seen from outside: REPLICAOF arrived a moment before. */
  readonly promotedMs: number;
  /** To the controller's decision: the API server, the watch, a look at every node. */
  readonly decidedMs: number;
  /** The record of it, through the status subresource. */
  readonly recordedMs: number;
  readonly handOverMs: number;
}

export interface PatchesResult {
  readonly ok: boolean;
  readonly runs: number;
  readonly apiserver: string;
  readonly patchToReplicaOfMs: Percentiles;
  readonly decidedMs: Percentiles;
  readonly recordedMs: Percentiles;
  readonly handOverMs: Percentiles;
  readonly lostWrites: number;
  readonly mostMs: number;
}

/** What the issue allows from the patch to REPLICAOF at the node, p50 (ms). */
const mostMs = 60;
/** Spread over the second between two probes, so that none is met at the same moment again. */
const restMs = (run: number): number => 700 + ((run * 137) % 1_000);

/** Patches spec.primary again and again on a real API server, under writers, and tells how soon the nodes hear of it. */
export async function benchPatches(runs: number, progress: (line: string) => void): Promise<PatchesResult> {
  const server = await ApiServer.start();
  try {
    await server.applyCrd();
    const stage = await FailoverStage.raise({ kubeconfig: server.kubeconfig });
    try {
      const controller = stage.controller('bench');
      await controller.leads();
      await stage.untilLed('a');
      await stage.untilCalm(controller);
      const traffic = await stage.traffic();
      const patched = await patchAll({ stage, controller, traffic }, runs, progress);
      const led: NodeName = runs % 2 === 0 ? 'a' : 'b';
      const lostWrites = await stage.lost(traffic, led);
      return summary(patched, lostWrites);
    } finally {
      await stage.dispose();
    }
  } finally {
    await server.stop();
  }
}

interface Set {
  readonly stage: FailoverStage;
  readonly controller: ControllerProcess;
  readonly traffic: Traffic;
}

async function patchAll(set: Set, runs: number, progress: (line: string) => void): Promise<Patched[]> {
  const patched: Patched[] = [];
  // The first is not counted: it opens connections and compiles code.
  for (let run = 0; run <= runs; run += 1) {
    const one = await patchOnce(set, run % 2 === 0 ? 'b' : 'a');
    progress(`${run}: ${JSON.stringify(one)}`);
    if (run > 0) patched.push(one);
    await set.stage.untilCalm(set.controller);
    await delay(restMs(run));
  }
  return patched;
}

async function patchOnce({ stage, controller }: Set, to: NodeName): Promise<Patched> {
  const watch = await RoleWatch.start(stage.server(to));
  try {
    const mark = controller.mark;
    const [sentMs, sentWall] = [monotonicMs(), Date.now()];
    await stage.patchSpec({ primary: to });
    const promotedMs = (await watch.promotedAt) - sentMs;
    const handOver = await controller.line('handOver', acted('handOver'), { mark });
    const record = controller.since(mark).find(acted('record'));
    const recordedMs = record?.ms ?? Number.NaN;
    const decidedMs = wallMs(record) - recordedMs - sentWall;
    await stage.untilLed(to);
    return { promotedMs, decidedMs, recordedMs, handOverMs: handOver.ms ?? Number.NaN };
  } finally {
    await watch.close();
  }
}

const wallMs = (line: LogLine | undefined): number => Date.parse(line?.time ?? '');

function summary(patched: readonly Patched[], lostWrites: number): PatchesResult {
  const of = (what: keyof Patched): Percentiles => percentiles(patched.map((one) => one[what]));
  const patchToReplicaOfMs = of('promotedMs');
  return {
    // A figure is no test: how soon is for a person to compare with `mostMs`.
    ok: lostWrites === 0,
    runs: patched.length,
    apiserver: apiServerVersion(),
    patchToReplicaOfMs,
    decidedMs: of('decidedMs'),
    recordedMs: of('recordedMs'),
    handOverMs: of('handOverMs'),
    lostWrites,
    mostMs,
  };
}
