import type { BotEventKind, BotRecord } from '../lab/bot-log.ts';
import { longestGap } from '../traffic/gap.ts';

/**
 * The longest time in which a bot did nothing of the kind on any host, between its first and its last: what a
 * move cost it, however often it moved. The largest of all bots; 0 for bots that never did it.
 */
export function longestPauseMs(records: readonly BotRecord[], kind: BotEventKind): number {
  const bots = [...new Set(records.map(({ bot }) => bot))];
  return Math.max(
    0,
    ...bots.map((bot) => {
      const times = records
        .filter((record) => record.bot === bot)
        .flatMap(({ events }) => events.filter((event) => event.kind === kind).map(({ atMs }) => atMs))
        .sort((one, other) => one - other);
      const [from, to] = [times[0], times.at(-1)];
      return from === undefined || to === undefined ? 0 : longestGap(times, { from, to }).gapMs;
    }),
  );
}
