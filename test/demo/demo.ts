import { setTimeout as delay } from 'node:timers/promises';
import { startUnit } from '../../controller/local-host/unit-control.ts';
import type { Status } from '../../crd/status.ts';
import { closeAdmin, connectAdmin } from '../redis/admin-connection.ts';
import type { AckedKeys } from '../traffic/acked-keys.ts';
import { Traffic, type TrafficOptions } from '../traffic/traffic.ts';
import { readBotRuns } from './bot-record.ts';
import { overlapMs, ownStartMs, unitsGap } from './bot-runs.ts';
import { countKept, lostKeys } from './missing-keys.ts';
import type { Narrator } from './narrator.ts';
import { isReady, type Play, type Played, playStep, untilBotsWorkOn, untilStatus } from './play.ts';
import type { Session } from './session.ts';
import { nodeNames, redisUnit, type Stage } from './stage.ts';
import type { StepResult } from './step-result.ts';
import { failback, failover, rejoin, switchover } from './steps.ts';
import { WriteMeter } from './write-meter.ts';

const measuredSteps = [switchover, failover, rejoin, failback];
export const stepNames: readonly string[] = ['converge', ...measuredSteps.map(({ name }) => name)];

/** A writer rests so long after each write (ms): the demo shows an ordinary load, not what the machine can do. */
const restMs = 1;

export interface DemoOptions {
  readonly session: Session;
  readonly narrator: Narrator;
  readonly pauseMs: number;
  readonly interrupted: AbortSignal;
}

/** Plays all steps on the stage and measures what each of them cost. */
export async function runDemo(options: DemoOptions): Promise<StepResult[]> {
  const { session, narrator, pauseMs } = options;
  const { stage, status } = session;
  const ended = await converge(options);
  const traffic = await Traffic.start(trafficOptions(stage));
  session.ownTraffic(traffic);
  const meter = new WriteMeter(traffic);
  narrator.meterIs(meter);
  const play: Play = { stage, status, narrator, pauseMs, ended, traffic, meter };
  await delay(pauseMs);
  narrator.end('converge');
  const measured: Measured[] = [];
  for (const step of measuredSteps) {
    const played = await playStep(play, step);
    const result = await measure(play, played, measured);
    measured.push(result);
    narrator.end(step.name, result.result);
  }
  await traffic.stop();
  return recount(play, measured);
}

/** Two servers that know nothing of each other become a primary and its replica, with the bots beside it. */
async function converge({ session, narrator, ...options }: DemoOptions): Promise<AbortSignal> {
  const { stage, status } = session;
  narrator.begin(
    'converge',
    'Two fresh Redis servers that know nothing of each other, and a file that says who is to be primary and which bots belong beside it. `understudy run --file group.yaml` does the rest.',
  );
  for (const node of nodeNames) {
    await startUnit(stage.units(node), redisUnit);
    closeAdmin(await connectAdmin(stage.address[node]));
    narrator.tell(`${node}: redis-server started on port ${stage.address[node].port}`);
  }
  await delay(options.pauseMs);
  narrator.tell('understudy run --file group.yaml');
  const ended = AbortSignal.any([options.interrupted, session.startController()]);
  const play = { stage, status, ended };
  await untilStatus(
    play,
    'ct100 leads and all is ready',
    (seen) => seen.currentPrimary === 'ct100' && isReady(seen),
  );
  await untilBotsWorkOn(play, 'ct100');
  return ended;
}

function trafficOptions({ address }: Stage): TrafficOptions {
  const endpoints = nodeNames.map((name) => address[name]);
  return { endpoints, password: address.ct100.password, restMs };
}

interface Measured {
  readonly result: StepResult;
  /** From the end of the step before to the end of this one: every write and every tick belongs to one step. */
  readonly window: { from: number; to: number };
}

async function measure(play: Play, played: Played, before: readonly Measured[]): Promise<Measured> {
  const { stage, status, traffic } = play;
  const report = await traffic.report(played.window);
  const from = before.at(-1)?.window.to ?? Number.NEGATIVE_INFINITY;
  const window = { from, to: played.window.to };
  const { acked } = await traffic.report(window);
  const lost = await lostKeys(acked, primaryOf(play));
  const runs = readBotRuns(stage.records);
  const ownStart = ownStartMs(runs, played.window);
  const result: StepResult = {
    name: played.name,
    writeGapMs: rounded(report.gap.gapMs),
    ackedWrites: countOf(acked),
    lostWrites: lost.length,
    unitsGapMs: rounded(unitsGap(runs, played.window).gapMs),
    ...(ownStart === undefined ? {} : { unitsOwnStartMs: rounded(ownStart) }),
    overlapMs: rounded(overlapMs(runs, window)),
    told: played.told,
  };
  if (played.name !== rejoin.name) return { result, window };
  const lostBefore = before.find((step) => step.result.name === failover.name);
  const lostThen =
    lostBefore === undefined
      ? []
      : await lostKeys((await traffic.report(lostBefore.window)).acked, primaryOf(play));
  return { result: { ...result, ...(await kept(status.latest, lostThen)) }, window };
}

/** Proves what the controller says it kept, by a Redis that is started on that file. */
async function kept({ lastTransition }: Status, lost: readonly string[]): Promise<Partial<StepResult>> {
  const { preserved, lostBytes } = lastTransition ?? {};
  const file = preserved?.slice(preserved.indexOf(':') + 1);
  return {
    keptWrites: file === undefined ? 0 : await countKept(lost, file),
    countedLostBytes: lostBytes ?? 0,
    countedExactly: lastTransition?.lostBytesExact === true,
    ...(preserved === undefined ? {} : { preserved }),
  };
}

/** Asks the last primary once more for every acknowledged write of every step: none may have vanished since. */
async function recount(play: Play, measured: readonly Measured[]): Promise<StepResult[]> {
  const results: StepResult[] = [];
  const end = await play.traffic.report();
  for (const [index, { result, window }] of measured.entries()) {
    const to = index === measured.length - 1 ? end.window.to : window.to;
    const { acked } = await play.traffic.report({ ...window, to });
    const lost = await lostKeys(acked, primaryOf(play));
    const overlap = overlapMs(readBotRuns(play.stage.records), { ...window, to });
    results.push({
      ...result,
      ackedWrites: countOf(acked),
      lostWrites: lost.length,
      overlapMs: rounded(overlap),
    });
  }
  return results;
}

function primaryOf({ status, stage }: Play) {
  const name = nodeNames.find((node) => node === status.latest.currentPrimary);
  if (name === undefined) throw new Error('there is no primary to ask for the writes');
  return stage.address[name];
}

function countOf(acked: readonly AckedKeys[]): number {
  return acked.flatMap(({ ranges }) => ranges).reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** To a hundredth of a millisecond, but never from something to nothing. */
function rounded(milliseconds: number): number {
  return milliseconds > 0 ? Math.max(0.01, Math.round(milliseconds * 100) / 100) : 0;
}
