import type { Transition } from '../crd/status.ts';
import type { Action, Outcome } from './action.ts';
import { savedBy } from './config-files.ts';
import type { Memory, Progress } from './memory.ts';
import { maybeOpened, nodeMemory, withNodeMemory } from './memory.ts';
import { acceptConfig, opensToWrites, refuseConfig } from './redis-config.ts';

/** The word of the adapter (controller/redis/refusals.ts) for a value that the server does not take. */
const invalidSetting = 'InvalidSetting';

/** Takes the outcome of one executed action into memory. Times in ms of the same clock as `now`. */
export function noteOutcome(memory: Memory, action: Action, outcome: Outcome, endedAt: number): Memory {
  if (action.kind === 'record')
    return outcome.kind === 'done' && action.opens === true
      ? takeUp(memory, action.status.transition, endedAt)
      : memory;
  const judged =
    outcome.kind === 'done'
      ? noteDone(memory, action, outcome, endedAt)
      : noteFailed(memory, action, outcome, endedAt);
  const saved = savedBy(action, outcome.kind === 'done');
  const noted =
    saved === undefined || !('node' in action) ? judged : withNodeMemory(judged, action.node, { saved });
  return noteProgress(
    opensToWrites(action) ? maybeOpened(noted, action.node) : noted,
    action,
    outcome,
    endedAt,
  );
}

function noteProgress(
  noted: Memory,
  action: Exclude<Action, { kind: 'record' }>,
  outcome: Outcome,
  endedAt: number,
): Memory {
  const { progress } = noted;
  if (progress === undefined || progress.epoch !== action.epoch) return noted;
  return { ...noted, progress: advance(progress, action, outcome, endedAt) };
}

/** Begins to keep the progress of a transition that is on record, unless it is kept already. */
export function takeUp(memory: Memory, open: Transition | undefined, now: number): Memory {
  if (open === undefined || memory.progress?.epoch === open.epoch) return memory;
  const detectedAt = open.from === undefined ? undefined : nodeMemory(memory, open.from).redisDownSince;
  return {
    ...memory,
    progress: {
      epoch: open.epoch,
      handedOver: false,
      persisted: [],
      decidedAt: now,
      unknowns: 0,
      ...(detectedAt === undefined ? {} : { detectedAt }),
    },
  };
}

function advance(before: Progress, action: Action, outcome: Outcome, now: number): Progress {
  const failed = action.kind === 'fence' && outcome.kind !== 'done';
  const progress = failed ? { ...before, failedFences: (before.failedFences ?? 0) + 1 } : before;
  if (outcome.kind === 'unknown')
    return { ...progress, unknowns: progress.unknowns + 1, doubt: outcome.message };
  if (outcome.kind === 'refused') {
    const refusal = { reason: outcome.reason, message: outcome.message };
    return { ...progress, refusal, ...(action.kind === 'startUnits' ? { unitsRefusal: refusal } : {}) };
  }
  switch (action.kind) {
    case 'handOver':
      return { ...progress, handedOver: true, promotedAt: now, ...gap(outcome.detail) };
    case 'persistRole':
      return { ...progress, persisted: [...progress.persisted, action.node] };
    case 'promote':
      return {
        ...progress,
        promotedAt: now,
        ...(action.held === undefined ? {} : { promotedWith: action.held }),
      };
    case 'fence':
      return { ...progress, fencedAt: now };
    case 'stopUnits':
      return { ...progress, unitsStoppedAt: progress.unitsStoppedAt ?? now };
    case 'startUnits':
      return { ...progress, unitsStartedAt: now };
    case 'repoint':
      return action.dropClients
        ? { ...progress, handedOver: true, persisted: [...progress.persisted, action.node] }
        : progress;
    default:
      return progress;
  }
}

function gap(detail: Readonly<Record<string, string | number>> | undefined): { writeGapMs?: number } {
  const writeGapMs = detail?.writeGapMs;
  return typeof writeGapMs === 'number' ? { writeGapMs } : {};
}

function noteDone(
  memory: Memory,
  action: Action,
  outcome: Extract<Outcome, { kind: 'done' }>,
  now: number,
): Memory {
  switch (action.kind) {
    case 'applyConfig':
      return acceptConfig(memory, action.node, action.settings);
    case 'startUnits':
      return withNodeMemory(memory, action.node, { unitStarts: nextStart(memory, action.node, now) });
    case 'stopUnits': {
      // Its next start is a new story.
      const { unitStarts: _old, ...rest } = nodeMemory(memory, action.node);
      return { ...memory, nodes: { ...memory.nodes, [action.node]: rest } };
    }
    case 'preserve': {
      const path = String(outcome.detail?.path ?? '');
      return withNodeMemory(memory, action.node, {
        preserved: {
          path,
          bytes: Number(outcome.detail?.bytes ?? 0),
          replicationId: String(outcome.detail?.replicationId ?? ''),
          offset: Number(outcome.detail?.offset ?? 0),
        },
      });
    }
    case 'repoint':
      return action.dropClients ? withNodeMemory(memory, action.node, { demotedFor: action.to }) : memory;
    case 'fence':
      return action.method === 'outOfBand'
        ? { ...memory, poweredOff: [...new Set([...memory.poweredOff, action.node])] }
        : memory;
    default:
      return memory;
  }
}

/** A start long after the last one is a new story: units that stayed up for a while crashed for another reason. */
function nextStart(memory: Memory, node: string, now: number): { count: number; at: number } {
  const before = nodeMemory(memory, node).unitStarts;
  return { count: before === undefined || now - before.at > 120_000 ? 1 : before.count + 1, at: now };
}

/** A start, or a setting, that is refused is tried again with growing pauses, and its reason is told. */
function noteFailed(
  memory: Memory,
  action: Action,
  outcome: Exclude<Outcome, { kind: 'done' }>,
  now: number,
): Memory {
  if (outcome.kind !== 'refused') return memory;
  if (action.kind === 'applyConfig' && outcome.reason === invalidSetting)
    return refuseConfig(memory, action.node, { settings: action.settings, message: outcome.message }, now);
  if (action.kind !== 'startUnits') return memory;
  const unitStarts = { ...nextStart(memory, action.node, now), refusal: outcome.message };
  return withNodeMemory(memory, action.node, { unitStarts });
}
