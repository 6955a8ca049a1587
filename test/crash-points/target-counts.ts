import { readFileSync } from 'node:fs';
import { type CrashStage, nodeNames } from './crash-stage.ts';

/** What really changed at the targets, by their own records: an order that changed nothing does not count. */
export interface TargetCounts {
  readonly promotions: number;
  readonly demotions: number;
  /** A replica that was given another primary. */
  readonly repoints: number;
  /** Units and Redis servers. */
  readonly starts: number;
  readonly stops: number;
  /** Starts of a unit that was on record as running already, on whichever node. */
  readonly doubles: number;
}

/** Redis's log (7.0, replication.c) tells of every change of role, and of nothing when REPLICAOF changes none. */
const marks = {
  promotion: /MASTER MODE enabled/,
  demotion: /Before turning into a replica/,
  followed: /REPLICAOF \S+ enabled/,
  started: /Redis is starting|oO0OoO0OoO0Oo/,
  ended: /bye bye/,
} as const;

export function countsOf(stage: CrashStage): TargetCounts {
  const redis = nodeNames.map((node) => redisCounts(readFileSync(stage.redisLog(node), 'utf8')));
  const bots = botCounts(text(stage.records));
  const sum = (pick: (counts: ReturnType<typeof redisCounts>) => number) =>
    redis.reduce((total, counts) => total + pick(counts), 0);
  return {
    promotions: sum(({ promotions }) => promotions),
    demotions: sum(({ demotions }) => demotions),
    repoints: sum(({ repoints }) => repoints),
    starts: bots.starts + sum(({ starts }) => starts),
    stops: bots.stops + sum(({ stops }) => stops),
    doubles: bots.doubles,
  };
}

export function difference(later: TargetCounts, earlier: TargetCounts): TargetCounts {
  return {
    promotions: later.promotions - earlier.promotions,
    demotions: later.demotions - earlier.demotions,
    repoints: later.repoints - earlier.repoints,
    starts: later.starts - earlier.starts,
    stops: later.stops - earlier.stops,
    doubles: later.doubles - earlier.doubles,
  };
}

function redisCounts(log: string) {
  const counts = { promotions: 0, demotions: 0, repoints: 0, starts: 0, stops: 0 };
  let wasPrimary = false;
  for (const line of log.split('\n')) {
    if (marks.promotion.test(line)) counts.promotions += 1;
    if (marks.ended.test(line)) counts.stops += 1;
    if (marks.started.test(line)) counts.starts += 1;
    if (marks.demotion.test(line)) wasPrimary = true;
    // A restart as a replica says the former, too, but not the latter.
    if (marks.started.test(line)) wasPrimary = false;
    if (!marks.followed.test(line)) continue;
    counts[wasPrimary ? 'demotions' : 'repoints'] += 1;
    wasPrimary = false;
  }
  return counts;
}

function botCounts(log: string) {
  const counts = { starts: 0, stops: 0, doubles: 0 };
  const running = new Map<string, number>();
  for (const line of log.split('\n').slice(0, -1)) {
    const [kind, unit = ''] = line.split(' ');
    const before = running.get(unit) ?? 0;
    if (kind === 'start') {
      counts.starts += 1;
      if (before > 0) counts.doubles += 1;
    } else counts.stops += 1;
    running.set(unit, before + (kind === 'start' ? 1 : -1));
  }
  return counts;
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // no bot has run yet
  }
}
