import { isDeepStrictEqual } from 'node:util';
import { CrashStage } from './crash-stage.ts';
import { type EndState, endStateOf } from './end-state.ts';
import { settle } from './own-controller.ts';
import type { Order } from './reports.ts';
import { type Scenario, steady } from './scenarios.ts';
import { countsOf, difference, type TargetCounts } from './target-counts.ts';
import { type Effect, WatchedController } from './watched-controller.ts';

/** What came of one run. */
export interface Run {
  readonly effects: readonly Effect[];
  /** As ordered; false: the effect that it was to happen after did not come about. */
  readonly disturbed: boolean;
  readonly end: EndState;
  /** Changes at the targets since the controller under test began. */
  readonly counts: TargetCounts;
}

export interface RunOrder extends Order {
  /** The one that comes after the killed one sees first what that one saw last. */
  readonly oldViewAfterwards?: boolean;
}

const atOnce = Promise.resolve();

/** Runs a scenario on a fresh stage; after a kill another controller goes on, to its rest. */
export async function runScenario(scenario: Scenario, order: RunOrder = {}): Promise<Run> {
  const stage = await CrashStage.raise();
  // It loads while the stage is made ready.
  const controller = new WatchedController(stage.folder);
  try {
    await scenario.prepare(stage);
    const before = countsOf(stage);
    controller.begin(order);
    let alive = scenario.before === undefined || (await controller.atRest(scenario.before, atOnce));
    await scenario.trigger(stage);
    const arrived = async (): Promise<void> => scenario.arrived?.(stage);
    alive &&= await controller.atRest(scenario.goal, arrived());
    if (alive) await controller.end();
    else {
      const seen = controller.lastEffect?.looks;
      const old = order.oldViewAfterwards === true && seen !== undefined ? { old: seen } : {};
      await settle(stage.folder, scenario.goal, { arrived, ...old });
    }
    return {
      effects: controller.effects,
      disturbed: controller.effects.some(({ id }) =>
        isDeepStrictEqual(id, order.killAfter ?? order.replayAfter),
      ),
      end: await endStateOf(stage),
      counts: difference(countsOf(stage), before),
    };
  } finally {
    await controller.reap();
    await stage.strike();
  }
}

/** A group at rest, to which something may happen that is undone before the controller looks again. */
export async function runSteady(happen?: (stage: CrashStage) => Promise<void>): Promise<Run> {
  const stage = await CrashStage.raise();
  const controller = new WatchedController(stage.folder);
  try {
    await steady.prepare(stage);
    controller.begin();
    await controller.atRest(steady.goal, atOnce);
    await controller.hold();
    await happen?.(stage);
    const before = countsOf(stage);
    controller.goOn();
    await controller.atRest(steady.goal, atOnce);
    await controller.end();
    const counts = difference(countsOf(stage), before);
    return { effects: controller.effects, disturbed: true, end: await endStateOf(stage), counts };
  } finally {
    await controller.reap();
    await stage.strike();
  }
}
