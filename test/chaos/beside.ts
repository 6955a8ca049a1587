import type { TransitionRecord } from '../../crd/status.ts';
import { isPlanned } from './attribution.ts';
import type { Fault } from './fault-plan.ts';
import type { History, PastFault } from './history.ts';
import type { Both } from './spells.ts';
import type { Timeline } from './timeline.ts';
import type { WriteRecord } from './write-log.ts';

/**
 * So long (ms) a node may take writes beside the primary, seen and reached by a controller that works: a look that
 * finds it, the demotion, and where it is out of reach its own min-replicas-to-write (min-replicas-max-lag of 3 s and
 * a second for Redis's cron), which ends it as well. Stretches in runs of 10 minutes were 0.2 to 1.6 s long, and 4.1 s
 * of one that was promoted by hand while the controller was down and then frozen for 3.5 s of it.
 */
const unexcusedMs = 5_000;
/** The controller looks, connects or starts again after such a fault (ms). */
const recoveryMs = 2_000;

/** While one of these lasts, the controller cannot see that node, or reach it, or do anything at all. */
const hiding: ReadonlySet<Fault['kind']> = new Set([
  'controller killed',
  'controller killed in mid-move',
  'controller frozen',
  'paused',
  'redis hangs',
  'cut from the controller',
  'cut from all',
  'slow network',
]);

/** By these a replica becomes a primary that nobody made one: its role may not be in its config file yet. */
const awakening: ReadonlySet<Fault['kind']> = new Set([
  'promoted by hand',
  'redis killed',
  'redis stopped',
  'primary dies alone',
]);

/** By these a planned move is asked for. */
const asking: ReadonlySet<Fault['kind']> = new Set([
  'switchover',
  'failback',
  'bots deaf, then a switchover',
  'controller killed in mid-move',
]);

interface Spell {
  readonly node: string;
  readonly from: number;
  to: number;
  writes: number;
}

/** One that took nothing for so long (ms) has ceased. */
const pauseMs = 1_000;

/** When nodes took writes while another led, whatever became of the writes. */
function spellsBeside(acked: readonly WriteRecord[], timeline: Timeline): Spell[] {
  const spells: Spell[] = [];
  const open = new Map<string, Spell>();
  for (const { node, sent, answered } of acked) {
    if (timeline.leads(node, sent, answered)) continue;
    const spell = open.get(node);
    if (spell !== undefined && answered - spell.to <= pauseMs) {
      spell.to = answered;
      spell.writes += 1;
      continue;
    }
    const next = { node, from: answered, to: answered, writes: 1 };
    open.set(node, next);
    spells.push(next);
  }
  return spells;
}

/** How long nodes took writes beside the primary, and what is wrong with that. */
interface Beside {
  readonly longestMs: number;
  readonly problems: readonly string[];
}

export function judgeBeside(history: History, timeline: Timeline, both: readonly Both[]): Beside {
  const { faults } = history;
  const spells = spellsBeside(history.acked, timeline);
  const longestMs = spells.reduce((longest, { from, to }) => Math.max(longest, to - from), 0);
  const problems = [
    ...both
      .filter((spell) => lastsTooLong(spell, faults))
      .map(
        ({ nodes, from, to }) =>
          `two nodes took writes at the same time for ${Math.round(to - from)} ms (${nodes.join(' and ')}), and no fault kept the controller from ending that`,
      ),
    ...spells
      .filter((spell) => lastsTooLong(spell, faults))
      .map(
        ({ node, from, to, writes }) =>
          `${node} took ${writes} writes beside the primary for ${Math.round(to - from)} ms, and no fault kept the controller from ending that`,
      ),
    ...spells
      .filter((spell) => !isAccountedFor(spell, history))
      .map(
        ({ node, writes }) =>
          `${node} took ${writes} writes beside the primary after a planned move had demoted it, and nothing had made it a primary again`,
      ),
  ];
  return { longestMs, problems };
}

function lastsTooLong({ from, to }: { from: number; to: number }, faults: readonly PastFault[]): boolean {
  const hidden = faults
    .filter(({ kind }) => hiding.has(kind))
    .map((fault) => ({ from: Math.max(from, fault.from), to: Math.min(to, fault.to + recoveryMs) }))
    .filter((span) => span.from < span.to)
    .sort((one, other) => one.from - other.from);
  let hiddenMs = 0;
  let until = from;
  for (const span of hidden) {
    hiddenMs += Math.max(0, span.to - Math.max(span.from, until));
    until = Math.max(until, span.to);
  }
  return to - from - hiddenMs > unexcusedMs;
}

/** A failover does not wait for the old primary's consent; a planned move has it demoted before another leads. */
function isAccountedFor({ node, from }: Spell, { transitions, faults, wallOffsetMs }: History): boolean {
  const began = (record: TransitionRecord): number => Date.parse(record.startTime) - wallOffsetMs;
  const demoted = transitions.findLast((record) => record.from === node && began(record) <= from);
  if (demoted !== undefined && !isPlanned(demoted.kind)) return true;
  // A change to it was begun and given up, which leaves no record of its own: the next one says who led.
  const next = transitions.find((record) => began(record) > from);
  if (next?.from === node) return true;
  const since = demoted === undefined ? Number.NEGATIVE_INFINITY : began(demoted);
  // Or that the old one took the stage again, since the new one had lost its role by then.
  const isTakenUp = next?.kind === 'Adoption' && next.from === undefined && next.to !== node;
  if (isTakenUp && faults.some((fault) => asking.has(fault.kind) && fault.from <= from && fault.to >= since))
    return true;
  return faults.some(
    (fault) => fault.node === node && awakening.has(fault.kind) && fault.from <= from && fault.to >= since,
  );
}
