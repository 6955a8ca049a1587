import { Reason } from './reasons.ts';

/**
 * handOver as a pure machine: the driver runs one command, feeds the reply back, and gets the next command or
 * the end. DESIGN.md, "Actions", gives the order; the old primary is demoted BEFORE the new one is promoted,
 * so that a crash in between leaves no primary and never two. CONFIG REWRITE is an action of its own
 * (persistRole) after the units' start: it holds the new primary for an fsync just when its clients come.
 */
export type HandOverCommand =
  | { readonly run: 'pauseWrites'; readonly node: 'from'; readonly milliseconds: number }
  | { readonly run: 'position'; readonly node: 'from' | 'to' }
  | { readonly run: 'follow'; readonly node: 'from' }
  | { readonly run: 'promote'; readonly node: 'to' | 'from' }
  | { readonly run: 'resumeWrites'; readonly node: 'from' }
  | { readonly run: 'dropClients'; readonly node: 'from' };

interface Position {
  readonly role: 'primary' | 'replica';
  readonly replicationId: string;
  readonly offset: number;
}

/** What came back; `position` is there when the command asked for one. */
export type HandOverReply =
  | { readonly kind: 'done'; readonly position?: Position }
  | { readonly kind: 'refused' | 'unknown'; readonly reason: string; readonly message: string };

export type HandOverEnd =
  /** The roles are swapped. `writeGapMs`: from the pause's answer to the promotion's. */
  | { readonly kind: 'done'; readonly writeGapMs: number; readonly polls: number }
  /** Nothing changed: the old primary takes writes again. */
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string }
  /** It is not known how far it came: look again. The recorded transition finishes it. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly message: string };

type Stage =
  | 'pause'
  | 'poll'
  | 'watch'
  | 'confirm'
  | 'demote'
  | 'lookDemoted'
  | 'promote'
  | 'lookPromoted'
  | 'takeBack'
  | 'rollBack'
  | 'release'
  | 'drop';

export interface HandOverState {
  readonly stage: Stage;
  /** When the pause was asked for, and how long it holds (ms). */
  readonly pausedAt: number;
  readonly budgetMs: number;
  /** No command may be begun when less than this is left of the pause: it could end after it (ms). */
  readonly reserveMs: number;
  /** The history (replication id) that the old primary was looked at with: restarted since, it has another one. */
  readonly history?: string | undefined;
  readonly target?: Position;
  readonly promotedAt?: number;
  readonly polls: number;
  readonly promotions: number;
  /** The end that a rollback in progress leads to. */
  readonly end?: HandOverEnd;
}

export interface HandOverStep {
  readonly state: HandOverState;
  readonly next: HandOverCommand | HandOverEnd;
}

/** How often an unknown promotion is tried again before it is left to the recorded transition. */
const maxPromotions = 3;
/**
 * A replica that takes its time may have lost the old primary for good: that is looked at in between. One that died
 * and came back empty wipes its replica within a second (repl-diskless-sync-delay 0), and nobody else looks meanwhile.
 */
const pollsPerWatch = 20;

const commands: Readonly<Record<Stage, HandOverCommand>> = {
  pause: { run: 'pauseWrites', node: 'from', milliseconds: 0 },
  poll: { run: 'position', node: 'to' },
  watch: { run: 'position', node: 'from' },
  confirm: { run: 'position', node: 'from' },
  demote: { run: 'follow', node: 'from' },
  lookDemoted: { run: 'position', node: 'from' },
  promote: { run: 'promote', node: 'to' },
  lookPromoted: { run: 'position', node: 'to' },
  takeBack: { run: 'promote', node: 'from' },
  rollBack: { run: 'resumeWrites', node: 'from' },
  release: { run: 'resumeWrites', node: 'from' },
  drop: { run: 'dropClients', node: 'from' },
};

export function isEnd(next: HandOverCommand | HandOverEnd): next is HandOverEnd {
  return 'kind' in next;
}

/**
 * `reserveMs` must be at least the longest that one command can take (the adapter's command timeout); `history` is the
 * replication id that the old primary was looked at with.
 */
export function beginHandOver(
  now: number,
  budgetMs: number,
  reserveMs: number,
  history?: string,
): HandOverStep {
  const state: HandOverState = {
    stage: 'pause',
    pausedAt: now,
    budgetMs,
    reserveMs,
    history,
    polls: 0,
    promotions: 0,
  };
  return { state, next: { run: 'pauseWrites', node: 'from', milliseconds: budgetMs } };
}

const go = (state: HandOverState, stage: Stage): HandOverStep => ({
  state: { ...state, stage },
  next: commands[stage],
});
const finish = (state: HandOverState, end: HandOverEnd): HandOverStep => ({ state, next: end });

/** Nothing irreversible has happened: let the writers go on and say why. */
const rollBack = (state: HandOverState, end: HandOverEnd): HandOverStep => go({ ...state, end }, 'rollBack');

const refusal = (reason: string, message: string): HandOverEnd => ({ kind: 'refused', reason, message });
const unknown = (message: string): HandOverEnd => ({
  kind: 'unknown',
  reason: Reason.OutcomeUnknown,
  message,
});

/** Feeds the reply to the last command; `now` in ms of the clock that beginHandOver got. */
export function advanceHandOver(state: HandOverState, reply: HandOverReply, now: number): HandOverStep {
  return stages[state.stage](state, reply, now);
}

type Advance = (state: HandOverState, reply: HandOverReply, now: number) => HandOverStep;

/** The pause's answer tells where the old primary stands. */
const afterPause: Advance = (state, reply, now) => {
  if (reply.kind === 'refused') return finish(state, refusal(reply.reason, reply.message));
  const position = positionOf(reply);
  if (position === undefined) return rollBack(state, endOf(reply));
  if (position.role !== 'primary')
    return rollBack(state, refusal(Reason.RoleChanged, 'The old primary is no primary any more.'));
  // What it came back with may be less than its replicas hold, which copy it then.
  if (state.history !== undefined && position.replicationId !== state.history)
    return rollBack(state, refusal(Reason.RoleChanged, 'The old primary restarted since it was looked at.'));
  return withinPause({ ...state, target: position }, 'poll', now);
};

const afterPoll: Advance = (state, reply, now) => {
  const position = positionOf(reply);
  const target = state.target;
  if (position === undefined || target === undefined) return rollBack(state, endOf(reply));
  if (position.role !== 'replica')
    return rollBack(state, refusal(Reason.RoleChanged, 'The new primary is no replica any more.'));
  const reached = position.replicationId === target.replicationId && position.offset >= target.offset;
  const polls = state.polls + 1;
  const waiting = polls % pollsPerWatch === 0 ? 'watch' : 'poll';
  return withinPause({ ...state, polls }, reached ? 'confirm' : waiting, now);
};

/** A PING to the replicas moves the offset even while writes are paused: then poll once more. */
const afterConfirm: Advance = (state, reply, now) => {
  const position = positionOf(reply);
  if (position === undefined || state.target === undefined) return rollBack(state, endOf(reply));
  if (position.role !== 'primary' || position.replicationId !== state.target.replicationId)
    return rollBack(state, refusal(Reason.RoleChanged, 'The old primary is no primary any more.'));
  if (position.offset !== state.target.offset || state.stage === 'watch')
    return withinPause({ ...state, target: position }, 'poll', now);
  return withinPause(state, 'demote', now);
};

/** The step is taken only while the pause certainly outlasts it; otherwise writes could slip in behind it. */
function withinPause(state: HandOverState, stage: Stage, now: number): HandOverStep {
  const left = state.pausedAt + state.budgetMs - now;
  if (left > state.reserveMs) return go(state, stage);
  return rollBack(
    state,
    refusal(
      Reason.CatchUpTimeout,
      `The replica did not catch up within switchover.catchUpTimeoutSeconds (${state.budgetMs / 1000} s).`,
    ),
  );
}

const afterDemote: Advance = (state, reply) => {
  if (reply.kind === 'done') return go(state, 'promote');
  return reply.kind === 'refused'
    ? rollBack(state, refusal(reply.reason, reply.message))
    : go(state, 'lookDemoted');
};

/** The demotion's outcome was unknown: go on only if it happened, and before any further write. */
const afterLookDemoted: Advance = (state, reply) => {
  const position = positionOf(reply);
  if (position === undefined)
    return finish(state, unknown('Whether the old primary was demoted is not known.'));
  if (position.role === 'primary') return rollBack(state, unknown('The demotion was not seen to happen.'));
  const complete = position.offset === state.target?.offset;
  return complete
    ? go(state, 'promote')
    : finish(state, unknown('The old primary took writes before it was demoted.'));
};

const afterPromote: Advance = (state, reply, now) => {
  if (reply.kind === 'done') return go({ ...state, promotedAt: now }, 'release');
  if (reply.kind === 'refused')
    return go({ ...state, end: refusal(reply.reason, reply.message) }, 'takeBack');
  return go({ ...state, promotions: state.promotions + 1 }, 'lookPromoted');
};

const afterLookPromoted: Advance = (state, reply, now) => {
  const position = positionOf(reply);
  if (position?.role === 'primary') return go({ ...state, promotedAt: now }, 'release');
  if (position === undefined || state.promotions >= maxPromotions)
    return finish(state, unknown('Whether the new primary was promoted is not known.'));
  return go(state, 'promote');
};

/** The new one refused the stage: the old one, which has every write, takes it again. */
const afterTakeBack: Advance = (state, reply) =>
  reply.kind === 'done' && state.end !== undefined
    ? go(state, 'rollBack')
    : finish(state, unknown('The new primary refused, and the old one could not be promoted again yet.'));

const afterRollBack: Advance = (state, reply) => {
  const end = state.end ?? unknown('The handover was rolled back.');
  if (reply.kind === 'done' || end.kind !== 'refused') return finish(state, end);
  // A pause that could not be ended runs out by itself; that nothing changed is true all the same.
  return finish(state, { ...end, message: `${end.message} Writes go on when the pause has run out.` });
};

/** From here on the roles are swapped; what is left must happen, and the recorded transition sees to it. */
const afterRelease: Advance = (state, reply) =>
  reply.kind === 'done'
    ? go(state, 'drop')
    : finish(state, unknown('The old primary could not be released from its pause.'));

const afterDrop: Advance = (state, reply) =>
  reply.kind === 'done'
    ? finish(state, {
        kind: 'done',
        writeGapMs: (state.promotedAt ?? state.pausedAt) - state.pausedAt,
        polls: state.polls,
      })
    : finish(state, unknown("The old primary's clients could not be sent away."));

function positionOf(reply: HandOverReply): Position | undefined {
  return reply.kind === 'done' ? reply.position : undefined;
}

function endOf(reply: HandOverReply): HandOverEnd {
  return reply.kind === 'refused'
    ? refusal(reply.reason, reply.message)
    : unknown(reply.kind === 'unknown' ? reply.message : 'No position came back.');
}

const stages: Readonly<Record<Stage, Advance>> = {
  pause: afterPause,
  poll: afterPoll,
  watch: afterConfirm,
  confirm: afterConfirm,
  demote: afterDemote,
  lookDemoted: afterLookDemoted,
  promote: afterPromote,
  lookPromoted: afterLookPromoted,
  takeBack: afterTakeBack,
  rollBack: afterRollBack,
  release: afterRelease,
  drop: afterDrop,
};
