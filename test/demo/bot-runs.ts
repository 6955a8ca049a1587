import { type Gap, longestGap, type Window } from '../traffic/gap.ts';
import type { BotRun } from './bot-record.ts';

/**
 * How long, in ms within the window, any bot ran more than once at the same time: from the start of its process
 * to its last sign of life, on whichever nodes. Summed over the bots; 0 is the only good answer.
 */
export function overlapMs(runs: readonly BotRun[], window: Window): number {
  let total = 0;
  for (const own of byBot(runs).values()) {
    const edges = own.flatMap((run) => {
      const [from, to] = [Math.max(run.start, window.from), Math.min(run.last, window.to)];
      return from < to
        ? [
            { at: from, change: 1 },
            { at: to, change: -1 },
          ]
        : [];
    });
    // At one instant an end comes before a start: touching is not overlapping.
    edges.sort((a, b) => a.at - b.at || a.change - b.change);
    let running = 0;
    let since = 0;
    for (const { at, change } of edges) {
      if (running >= 2) total += at - since;
      running += change;
      since = at;
    }
  }
  return total;
}

/**
 * The longest time within the window in which a bot did not work on any node, for the worst bot. Of a bot that moved:
 * from its last tick on the old node to its first on the new one.
 */
export function unitsGap(runs: readonly BotRun[], window: Window): Gap {
  const gaps = [...byBot(runs).values()].map((own) =>
    longestGap(
      own.flatMap((run) => run.ticks).sort((a, b) => a - b),
      window,
    ),
  );
  return gaps.reduce((worst, gap) => (gap.gapMs > worst.gapMs ? gap : worst), {
    gapMs: 0,
    from: window.from,
    to: window.from,
    open: false,
  });
}

/**
 * How long, in ms, the bots' own programs took from the start of their processes to their first tick, at worst, of
 * the runs that began within the window: a time that no controller can shorten. undefined when none began.
 */
export function ownStartMs(runs: readonly BotRun[], window: Window): number | undefined {
  const times = runs
    .filter(({ start }) => start >= window.from && start <= window.to)
    .flatMap(({ start, ticks: [first] }) => (first === undefined ? [] : [first - start]));
  return times.length === 0 ? undefined : Math.max(...times);
}

/** Whether each of the bots has, since then, had a write acknowledged in a run on this node. */
export function allWorkOn(
  runs: readonly BotRun[],
  bots: readonly string[],
  { node, since }: { node: string; since: number },
): boolean {
  return bots.every((bot) =>
    runs.some((run) => run.bot === bot && run.node === node && (run.acks.at(-1) ?? 0) > since),
  );
}

function byBot(runs: readonly BotRun[]): Map<string, BotRun[]> {
  return Map.groupBy(runs, (run) => run.bot);
}
