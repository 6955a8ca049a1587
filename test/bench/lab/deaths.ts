import { leaseTimes } from '../../../reconcilers/lease.ts';
import { monotonicMs } from '../../lab/bot-log.ts';
import type { Lab } from '../../lab/lab.ts';
import type { GroupOptions, NodeName } from '../../scenarios/group-document.ts';
import { redisUnit } from '../../scenarios/group-document.ts';
import type { Stage } from '../../scenarios/stage.ts';
import { type Percentiles, percentiles } from '../percentile.ts';
import { onStage, other, runningAfter } from './lab-stage.ts';

export interface DeathFigures {
  readonly runs: number;
  /** From the death to the first tick of the last bot on the other node. */
  readonly unitsElsewhereMs: Percentiles;
}

export interface PowerLossFigures extends DeathFigures {
  readonly unreachableAfterSeconds: number;
  /** What the fence took, as the controller tells it; with a lease: until its end is proof. */
  readonly fenceSeconds: number;
}

/** SIGKILL of the primary's Redis, whose unit restarts itself as Debian has it. */
export async function benchCrashes(lab: Lab, runs: number): Promise<DeathFigures> {
  return onStage(lab, {}, async (stage) => {
    stage.startController();
    await stage.settled('ct100');
    await stage.startWriters();
    const times: number[] = [];
    let primary: NodeName = 'ct100';
    for (let run = 0; run < runs; run += 1) {
      await stage.written();
      const killedAt = await stage.crash(primary, redisUnit);
      primary = other(primary);
      times.push(await runningAfter(lab, primary, killedAt));
      await stage.settled(primary);
    }
    return { runs, unitsElsewhereMs: percentiles(times) };
  });
}

const unreachableAfterSeconds = 2;

/** What the proof of a lease's end takes beyond the lease: the slack of a renewal, and the watch's own work. */
const endingSeconds =
  (leaseTimes.slackMs + leaseTimes.lookMs + leaseTimes.stopDeadlineMs + leaseTimes.killMs) / 1000;

/** Power loss of the primary's machine; it comes back before the next one. */
export async function benchPowerLosses(
  lab: Lab,
  runs: number,
  by: 'fence' | 'lease',
): Promise<PowerLossFigures> {
  const leaseSeconds = by === 'lease' ? 10 : 0;
  const options: GroupOptions = {
    isFencedOutOfBand: by === 'fence',
    failover: { unreachableAfterSeconds, leaseSeconds },
  };
  return onStage(lab, options, async (stage) => {
    await stage.keepRedisDown();
    stage.startController();
    await stage.settled('ct100');
    const times: number[] = [];
    const fences: number[] = [];
    let primary: NodeName = 'ct100';
    for (let run = 0; run < runs; run += 1) {
      await stage.until('a failover would succeed', isReadyToFailOver(stage));
      const cutAt = monotonicMs();
      await lab.kill(primary);
      const dead = primary;
      primary = other(primary);
      times.push(await runningAfter(lab, primary, cutAt));
      const { lastTransition } = await stage.tookOver(primary);
      fences.push(by === 'lease' ? leaseSeconds + endingSeconds : (lastTransition?.fenceSeconds ?? 0));
      await lab.boot(dead);
      await stage.settled(primary, 60_000);
    }
    return {
      runs,
      unreachableAfterSeconds,
      fenceSeconds: Math.max(...fences),
      unitsElsewhereMs: percentiles(times),
    };
  });
}

const isReadyToFailOver = (stage: Stage) => (status: Stage['status']) =>
  stage.condition('FailoverReady', status)?.status === 'True';
