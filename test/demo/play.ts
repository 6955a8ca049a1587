import { setTimeout as delay } from 'node:timers/promises';
import type { Status } from '../../crd/status.ts';
import type { Window } from '../traffic/gap.ts';
import { monotonicMs } from '../traffic/monotonic.ts';
import type { Traffic } from '../traffic/traffic.ts';
import { readBotRuns } from './bot-record.ts';
import { allWorkOn } from './bot-runs.ts';
import type { Narrator } from './narrator.ts';
import { botNames, type NodeName, type Stage } from './stage.ts';
import type { StatusProbe, StatusWatch } from './status-watch.ts';
import type { ToldTimes } from './step-result.ts';
import type { WriteMeter } from './write-meter.ts';

const deadlineMs = 20_000;
const lookMs = 20;

/** What the steps play with. */
export interface Play {
  readonly stage: Stage;
  readonly status: StatusWatch;
  readonly traffic: Traffic;
  readonly meter: WriteMeter;
  readonly narrator: Narrator;
  /** Aborted when the demo is to end early, with the reason. */
  readonly ended: AbortSignal;
  /** Time (ms) to read what is about to be shown, and again to see what came of it. */
  readonly pauseMs: number;
}

/** One step of the demo that is measured. */
export interface Step {
  readonly name: string;
  readonly says: string;
  /** Does what is to be shown and resolves when the group has dealt with it. */
  readonly act: (play: Play) => Promise<void>;
}

/** When a step's act began and ended (monotonic ms), and what the controller told of it. */
export interface Played {
  readonly name: string;
  readonly window: Window;
  readonly told: ToldTimes;
}

export async function playStep(play: Play, step: Step): Promise<Played> {
  const { narrator, status, pauseMs } = play;
  narrator.begin(step.name, step.says);
  await delay(pauseMs, undefined, { signal: play.ended });
  const epoch = status.latest.epoch ?? 0;
  const from = monotonicMs();
  await step.act(play);
  await delay(pauseMs, undefined, { signal: play.ended });
  const changed = (status.latest.lastTransition?.epoch ?? 0) > epoch;
  return {
    name: step.name,
    window: { from, to: monotonicMs() },
    told: changed ? toldTimes(status.latest) : {},
  };
}

/** Waits for a status that passes; the group gets 20 s for it. */
export function untilStatus(
  { status, ended }: Pick<Play, 'status' | 'ended'>,
  what: string,
  passes: StatusProbe,
): Promise<Status> {
  return status.until(passes, AbortSignal.any([ended, deadline(what)]));
}

/** Waits until the bots' own records say that both work on the node and get their writes acknowledged. */
export async function untilBotsWorkOn(
  { stage, ended }: Pick<Play, 'stage' | 'ended'>,
  node: NodeName,
): Promise<void> {
  const since = monotonicMs();
  const signal = AbortSignal.any([ended, deadline(`both bots work on ${node}`)]);
  while (!allWorkOn(readBotRuns(stage.records, node), botNames, { node, since })) {
    await delay(lookMs);
    signal.throwIfAborted();
  }
}

export function isReady({ conditions }: Status): boolean {
  return conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

function deadline(what: string): AbortSignal {
  const late = new AbortController();
  setTimeout(
    () => late.abort(new Error(`waited ${deadlineMs / 1_000} s in vain: ${what}`)),
    deadlineMs,
  ).unref();
  return late.signal;
}

function toldTimes({ lastTransition: last }: Status): ToldTimes {
  const [detect, promote, units] = [last?.detectSeconds, last?.promoteSeconds, last?.unitsSeconds];
  return {
    ...(detect === undefined ? {} : { detectMs: detect * 1_000 }),
    ...(promote === undefined ? {} : { promoteMs: promote * 1_000 }),
    ...(units === undefined ? {} : { unitsMs: units * 1_000 }),
  };
}
