import type { Status } from '../../crd/status.ts';
import { type BotRecord, overlapsOf, runsOf } from '../lab/bot-log.ts';
import { longestPauseMs } from './longest-pause.ts';

/** How a scenario must leave the group; what is not told is not looked at. */
export interface Ending {
  /** The node that leads. */
  readonly primary: string;
  /** Where the bots run; beside the primary if not told. */
  readonly botsOn?: string | 'nowhere';
  /** A bot that cannot run there, such as `equity`. */
  readonly brokenBot?: string;
  /** Why Ready is not True; it must be True if not told. */
  readonly notReady?: string;
  /** Acknowledged writes may be gone, as long as they are counted: the primary died. */
  readonly mayLose?: boolean;
  /** Diverged data was set aside, and can be loaded. */
  readonly keepsCopy?: boolean;
}

/** What was seen of a scenario from outside once it was over. */
export interface Facts {
  readonly ending: Ending;
  readonly records: readonly BotRecord[];
  /** When the bots' records were read (`monotonicMs()`). */
  readonly atMs: number;
  readonly status: Status;
  /** What each Redis that answers says of itself. */
  readonly roles: Readonly<Record<string, 'primary' | 'replica'>>;
  /** Acknowledged writes, of bots and of outside writers, that the primary does not hold. */
  readonly lostKeys: readonly string[];
  readonly checkedWrites: number;
  /** The longest time in which no writer outside was acknowledged. */
  readonly writeGapMs: number;
  /** All that the controllers did. */
  readonly actions: readonly string[];
  /** What was moved, or done without end, after the scenario said that it was over: there must be nothing. */
  readonly laterActions: readonly string[];
  /** The copies that were set aside: whether Redis can load them, and how many keys they hold. */
  readonly copies: readonly { readonly path: string; readonly keys: number | undefined }[];
  /** Hosts on which the dead-man watch ended by itself. */
  readonly endedWatches: readonly string[];
}

export interface Verdict {
  readonly ok: boolean;
  readonly overlapMs: number;
  readonly lostWrites: number;
  readonly countedLostBytes: number;
  readonly unitsGapMs: number;
  readonly writeGapMs: number;
  readonly actions: readonly string[];
  readonly problems: readonly string[];
}

/** A bot whose last sign of life is older than this does not run. */
const silentMs = 500;

/** Holds what was seen against what must always be, and against how the scenario must end. */
export function judge(facts: Facts): Verdict {
  const overlaps = overlapsOf(facts.records);
  const countedLostBytes = countedBytes(facts.status);
  const problems = [
    ...overlaps.map(
      ({ bot, nodes, fromMs, toMs }) =>
        `${bot} ran on ${nodes.join(' and ')} at once for ${ms(toMs - fromMs)}`,
    ),
    ...lossProblems(facts, countedLostBytes),
    ...endProblems(facts),
    ...botProblems(facts),
    ...copyProblems(facts),
    ...facts.endedWatches.map((node) => `the watch on ${node} ended by itself`),
    ...(facts.checkedWrites === 0 ? ['no write was ever acknowledged: nothing was tried'] : []),
    ...(facts.laterActions.length > 0
      ? [`went on when all had settled: ${facts.laterActions.join(', ')}`]
      : []),
  ];
  return {
    ok: problems.length === 0,
    overlapMs: round(overlaps.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)),
    lostWrites: facts.lostKeys.length,
    countedLostBytes,
    unitsGapMs: round(longestPauseMs(facts.records, 'tick')),
    writeGapMs: round(facts.writeGapMs),
    actions: facts.actions,
    problems,
  };
}

/** Of every change of primary on record. */
function countedBytes({ history = [], lastTransition }: Status): number {
  const changes = history.length > 0 || lastTransition === undefined ? history : [lastTransition];
  return changes.reduce((sum, { lostBytes = 0 }) => sum + lostBytes, 0);
}

function lossProblems({ ending, lostKeys }: Facts, countedLostBytes: number): string[] {
  if (lostKeys.length === 0) return [];
  const sample = lostKeys.slice(0, 3).join(', ');
  const lost = `${lostKeys.length} acknowledged writes were lost (${sample} …)`;
  if (ending.mayLose !== true) return [lost];
  return countedLostBytes > 0 ? [] : [`${lost}, and counted as 0 bytes`];
}

function endProblems({ ending, status, roles }: Facts): string[] {
  const problems: string[] = [];
  const say = (isWrong: boolean, text: string) => void (isWrong && problems.push(text));
  say(
    status.currentPrimary !== ending.primary,
    `${status.currentPrimary} leads instead of ${ending.primary}`,
  );
  const primaries = Object.keys(roles).filter((node) => roles[node] === 'primary');
  say(
    primaries.join() !== ending.primary,
    `of the Redis servers, ${primaries.join(' and ') || 'none'} is a primary instead of ${ending.primary}`,
  );
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const said = `Ready=${ready?.status} ${ready?.reason}: ${ready?.message}`;
  if (ending.notReady === undefined) {
    say(ready?.status !== 'True', said);
    say(status.transition !== undefined, `a ${status.transition?.kind} is still under way`);
  } else
    say(ready?.status !== 'False' || ready.reason !== ending.notReady, `${said}, not ${ending.notReady}`);
  return problems;
}

function botProblems({ ending, records, atMs }: Facts): string[] {
  const wanted = ending.botsOn ?? ending.primary;
  return records.flatMap((record) => {
    const last = runsOf(record).at(-1);
    const isRunning = last !== undefined && !last.isStopped && atMs - last.toMs < silentMs;
    if (record.bot === ending.brokenBot && record.node === wanted) return [];
    if (isRunning === (record.node === wanted)) return [];
    return [`${record.bot} ${isRunning ? 'runs' : 'does not run'} on ${record.node}`];
  });
}

function copyProblems({ ending, copies }: Facts): string[] {
  const broken = copies
    .filter(({ keys }) => keys === undefined)
    .map(({ path }) => `${path} cannot be loaded`);
  if (ending.keepsCopy !== true) return broken;
  const isKept = copies.some(({ keys }) => keys !== undefined && keys > 0);
  return isKept ? broken : [...broken, 'the diverged data was not set aside'];
}

const round = (value: number): number => Math.round(value * 10) / 10;
const ms = (value: number): string => `${round(value)} ms`;
