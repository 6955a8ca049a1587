import type { TransitionRecord } from '../../crd/status.ts';
import { isPlanned } from './attribution.ts';
import type { History } from './history.ts';
import type { Loss } from './losses.ts';
import { bytesOf, words } from './losses.ts';
import type { WriteRecord } from './write-log.ts';

/** What the controller told of lost bytes, held against what was lost. */
export interface Counts {
  readonly problems: readonly string[];
  /** By how much an estimate was above what was lost, at the most. */
  readonly estimatedAbove: number;
}

/**
 * What else is in the stream than acknowledged writes of the writers: of two bots that write every 10 ms at the most
 * (`SET bot:equity-bot "a 123456"`: 57 bytes), for as long as writes were lost and a little around it; and once what
 * was on its way unanswered, SELECT, PINGs (14 bytes a second) and REPLCONF GETACK.
 */
const botBytesPerMs = (2 * 60) / 10;
const aroundMs = 250;
const onceBytes = 2_000;

/** `lost`: by the epoch of the change that lost them; `strays`: taken by nodes that did not lead. */
export function judgeCounts(
  history: History,
  losses: readonly Loss[],
  { lost, strays }: { lost: ReadonlyMap<number, readonly WriteRecord[]>; strays: readonly WriteRecord[] },
): Counts {
  const tooLow = losses.filter(
    ({ kind, countedBytes, bytes }) =>
      !isPlanned(kind) && (countedBytes === undefined || countedBytes < bytes),
  );
  const problems = tooLow.map(
    (loss) =>
      `${words(loss)}, but the controller counted ${loss.countedBytes ?? 'nothing'}${loss.exact === true ? ' and called that exact' : ''}`,
  );
  let estimatedAbove = 0;
  for (const record of history.transitions) {
    const { kind, epoch, lostBytes, lostBytesExact } = record;
    if (lostBytes === undefined) continue;
    const own = [...(lost.get(epoch) ?? []), ...alone(record, strays, history)];
    const above = lostBytes - bytesOf(own);
    if (lostBytesExact !== true) estimatedAbove = Math.max(estimatedAbove, above);
    else if (above > (isPlanned(kind) ? 0 : overheadOf(own)))
      problems.push(
        `${kind} of epoch ${epoch} lost exactly ${lostBytes} bytes by the controller, which is far more than was lost (${bytesOf(own)})`,
      );
  }
  return { problems, estimatedAbove };
}

/** What the old primary took after the change, until it was in sync again: it is lost with the rest, and counted. */
function alone(
  { from, startTime }: TransitionRecord,
  strays: readonly WriteRecord[],
  { rejoined, wallOffsetMs }: History,
): readonly WriteRecord[] {
  const began = Date.parse(startTime) - wallOffsetMs;
  const over = rejoined.find(({ node, at }) => node === from && at > began)?.at ?? Number.POSITIVE_INFINITY;
  return strays.filter(({ node, answered }) => node === from && answered >= began && answered <= over);
}

function overheadOf(lost: readonly WriteRecord[]): number {
  const times = lost.map(({ answered }) => answered);
  const lasted =
    times.length === 0 ? 0 : times.reduce((a, b) => Math.max(a, b)) - times.reduce((a, b) => Math.min(a, b));
  return onceBytes + botBytesPerMs * (lasted + 2 * aroundMs);
}
