import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeStatus, StatusWatch } from '../demo/status-watch.ts';
import { monotonicMs } from '../traffic/monotonic.ts';
import { ChaosController } from './chaos-controller.ts';
import { ChaosStage } from './chaos-stage.ts';
import { checkHistory, type Verdict } from './check-history.ts';
import { historyOf, keepHistory } from './collected-history.ts';
import { astrayAtTheEnd } from './end-state.ts';
import { viewTheEnd } from './end-view.ts';
import { groupSize, plannedFaults } from './fault-plan.ts';
import { keepSnapshot } from './fault-work.ts';
import { allWell, type DoneFault, Mayhem } from './mayhem.ts';
import { Operator } from './operator.ts';
import { type Convergence, untilQuiet } from './quiet.ts';
import { RecordKeeper } from './record-keeper.ts';
import { readWriteLog } from './write-log.ts';
import { Writers } from './writers.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly tell: (line: string) => void;
  readonly interrupted: AbortSignal;
}

export interface ChaosResult {
  readonly folder: string;
  /** Monotonic ms. */
  readonly began: number;
  readonly nodes: number;
  readonly faults: readonly DoneFault[];
  readonly answers: readonly string[];
  /** Controllers that ended by themselves. */
  readonly deaths: readonly string[];
  readonly convergence: Convergence;
  readonly lastStatus: string;
  /** What is not as it must be at the end, as the servers and the bots themselves show it. */
  readonly astray: readonly string[];
  readonly verdict: Verdict;
}

/** All that runs, and what follows it. */
interface Play {
  readonly stage: ChaosStage;
  readonly controller: ChaosController;
  readonly status: StatusWatch;
  readonly keeper: RecordKeeper;
  readonly operator: Operator;
  readonly tell: (words: string) => void;
}

const startMs = 30_000;
const snapshotEveryMs = 10_000;

/** One run: faults for so many minutes, then peace, then the judgement. `done` decides whether its folder is kept. */
export async function runChaos(
  options: ChaosOptions,
  done: (result: ChaosResult) => boolean,
): Promise<ChaosResult> {
  const began = monotonicMs();
  const wallOffsetMs = Date.now() - began;
  const stage = await ChaosStage.raise(groupSize(options.seed));
  options.tell(`${stage.nodes.length} nodes in ${stage.folder}`);
  const clock = (): string => `${((monotonicMs() - began) / 1_000).toFixed(1).padStart(6)} s`;
  const status = new StatusWatch(stage.statusFile);
  const play: Play = {
    stage,
    status,
    controller: new ChaosController(stage.groupFile, join(stage.folder, 'controller.log')),
    keeper: new RecordKeeper(stage),
    operator: new Operator(stage),
    tell: (words) => options.tell(`${clock()}  ${words}`),
  };
  let keep = true;
  try {
    const { mayhem, writers } = await rage(play, options);
    const convergence = await untilQuiet(stage, status);
    // Not before: a status that is old tells of a rest, too, and then comes one more move.
    const stopped = monotonicMs();
    await writers.stop();
    const lastStatus = describeStatus(status.latest);
    const end = await viewTheEnd(stage, readWriteLog(stage.ackFile), stopped);
    const history = await historyOf(play, mayhem.done, { end, wallOffsetMs });
    const result: ChaosResult = {
      folder: stage.folder,
      began,
      nodes: stage.nodes.length,
      faults: mayhem.done,
      answers: play.operator.answers,
      deaths: play.controller.deaths,
      convergence,
      lastStatus,
      astray: astrayAtTheEnd(end),
      verdict: checkHistory(history),
    };
    keep = done(result);
    if (keep) await keepHistory(stage, history);
    return result;
  } finally {
    status.close();
    play.operator.close();
    // The controller first, or it would mend what is ended.
    await play.controller.kill();
    await stage.strike(keep);
  }
}

/** Over when no fault is under way any more; the writers still write. */
async function rage(
  play: Play,
  { seed, minutes, interrupted }: ChaosOptions,
): Promise<{ mayhem: Mayhem; writers: Writers }> {
  const { stage, controller, status, tell } = play;
  follow(play);
  controller.start();
  await status.until(allWell(stage.nodes.length), AbortSignal.timeout(startMs));
  const writers = Writers.start(stage);
  const mayhem = new Mayhem({ stage, controller, status, tell });
  const over = new AbortController();
  const snapshots = keepSnapshots(stage, over.signal);
  try {
    const until = monotonicMs() + minutes * 60_000;
    await Promise.race([mayhem.rage(plannedFaults(seed), until), ended(interrupted)]);
  } finally {
    over.abort();
    await mayhem.end();
    await snapshots;
  }
  tell('no more faults');
  return { mayhem, writers };
}

function follow({ status, keeper, operator, tell }: Play): void {
  let told = 0;
  let begun = 0;
  status.onChange((seen) => {
    keeper.note(seen);
    operator.note(seen);
    const { transition } = seen;
    if (transition !== undefined && transition.epoch > begun) {
      begun = transition.epoch;
      const { epoch, kind, from, to, cause } = transition;
      tell(`    epoch ${epoch} begins: ${kind} ${from ?? ''}→${to}, ${cause}`);
    }
    const last = seen.lastTransition;
    if (last === undefined || last.epoch <= told) return;
    told = last.epoch;
    tell(`    epoch ${last.epoch} is done: ${last.kind} ${last.from ?? ''}→${last.to}`);
  });
}

/** Now and then a snapshot of each node is put aside, which it may come back with much later. */
async function keepSnapshots(stage: ChaosStage, over: AbortSignal): Promise<void> {
  for (let turn = 0; !over.aborted; turn += 1) {
    const node = stage.nodes[turn % stage.nodes.length];
    if (node !== undefined) await keepSnapshot(stage, node).catch(() => undefined);
    await delay(snapshotEveryMs, undefined, { signal: over }).catch(() => undefined);
  }
}

function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}
