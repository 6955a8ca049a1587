import type { FailoverGroupSpec } from '../crd/failover-group.ts';
import type { Evidence } from './evidence.ts';
import { Reason } from './reasons.ts';

/** What must be done about the old primary before another node may take writes. */
type FenceNeed =
  /** Its process is proved dead, or it is about to be demoted like any replica. */
  | 'none'
  /** Stop its Redis over its own host. */
  | 'stopRedis'
  /** Its process is dead by 2 of 3, but its units may run on. */
  | 'units'
  /** Nothing is proved: it may be alive and taking writes. */
  | 'everything';

export interface Row {
  readonly reason: Reason;
  readonly port: readonly Evidence['port'][];
  readonly host: readonly Evidence['host'][] | 'any';
  readonly links: readonly Evidence['links'][] | 'any';
  /** Further evidence that the row asks for. */
  readonly only?: 'stale' | 'diskFailing';
  readonly verdict: 'alive' | 'dead' | 'wait';
  /** The setting that says how long the evidence must last before the verdict counts. */
  readonly after?: 'unreachableAfterSeconds' | 'stoppedGraceSeconds';
  /** The setting that says how long the row holds at most. */
  readonly until?: 'unreachableAfterSeconds';
  readonly fence?: FenceNeed;
  readonly message: string;
}

const gone = ['refused'] as const;
const mute = ['silent'] as const;
const noHost = ['silent', 'none'] as const;

/** DESIGN.md, "Evidence, not silence". The first row that fits is the analysis; 2 of 3 witnesses decide. */
export const analysisTable: readonly Row[] = [
  {
    reason: Reason.PrimaryRestartedStale,
    port: ['primary'],
    host: 'any',
    links: 'any',
    only: 'stale',
    verdict: 'dead',
    fence: 'none',
    message:
      'It restarted without data that its replica still holds. A replica that syncs from it would wipe the better copy.',
  },
  {
    reason: Reason.PrimaryDiskFailing,
    port: ['primary'],
    host: 'any',
    links: 'any',
    only: 'diskFailing',
    verdict: 'alive',
    message: 'It answers, but cannot write to its disk. Free space there; nothing is moved for it.',
  },
  {
    reason: Reason.PrimaryAlive,
    port: ['primary'],
    host: 'any',
    links: 'any',
    verdict: 'alive',
    message: 'It answers as the primary.',
  },
  {
    reason: Reason.PrimaryDemoted,
    port: ['replica'],
    host: 'any',
    links: 'any',
    verdict: 'dead',
    fence: 'none',
    message: 'It answers as a replica, and no node answers as the primary.',
  },
  {
    reason: Reason.PrimaryLoading,
    port: ['loading'],
    host: 'any',
    links: 'any',
    verdict: 'wait',
    message: 'It is loading its data set; it answers when that is done.',
  },
  {
    reason: Reason.PrimaryUnauthorised,
    port: ['unauthorised'],
    host: 'any',
    links: 'any',
    verdict: 'wait',
    message: 'It refuses our password. Mend spec.redis.auth or requirepass there; nothing is moved for it.',
  },
  {
    reason: Reason.PrimaryUnusable,
    port: ['unusable'],
    host: 'any',
    links: 'any',
    verdict: 'wait',
    message: 'It answers with something that is not understood. Look at its address and version.',
  },
  {
    reason: Reason.PrimaryNotAnswering,
    port: [...gone, ...mute],
    host: 'any',
    links: ['up'],
    until: 'unreachableAfterSeconds',
    verdict: 'wait',
    message: 'It does not answer, and its replicas heard it a moment ago; a little later more is known.',
  },
  {
    reason: Reason.PrimaryIsolatedFromController,
    port: [...gone, ...mute],
    host: 'any',
    links: ['up'],
    verdict: 'wait',
    message:
      'The controller cannot reach it, but a replica hears it: it is alive. Mend the way from the controller to it.',
  },
  {
    reason: Reason.PrimaryProcessDead,
    port: [...gone, ...mute],
    host: ['crashed'],
    links: ['down'],
    verdict: 'dead',
    fence: 'none',
    message: 'Its process is dead: its host and its replicas say so.',
  },
  {
    reason: Reason.PrimaryStopped,
    port: [...gone, ...mute],
    host: ['stoppedCleanly'],
    links: ['down'],
    verdict: 'dead',
    after: 'stoppedGraceSeconds',
    fence: 'none',
    message: 'It was stopped cleanly; it may be a restart.',
  },
  {
    reason: Reason.PrimaryProcessDead,
    port: gone,
    host: noHost,
    links: ['down'],
    verdict: 'dead',
    fence: 'units',
    message: 'Its port is closed and its replicas lost it: its process is dead by 2 of 3 witnesses.',
  },
  {
    reason: Reason.PrimaryPortClosed,
    port: gone,
    host: ['processThere'],
    links: ['down'],
    verdict: 'dead',
    after: 'unreachableAfterSeconds',
    fence: 'stopRedis',
    message: 'Its port is closed though its host says that the process is there.',
  },
  {
    reason: Reason.PrimaryHung,
    port: mute,
    host: ['processThere'],
    links: ['down'],
    verdict: 'dead',
    after: 'unreachableAfterSeconds',
    fence: 'stopRedis',
    message: 'Its process is there and does not answer, neither us nor its replicas.',
  },
  {
    reason: Reason.PrimaryHostDown,
    port: mute,
    host: noHost,
    links: ['down'],
    verdict: 'dead',
    after: 'unreachableAfterSeconds',
    fence: 'everything',
    message: 'Neither its Redis nor its host answers, and its replicas do not hear it.',
  },
  {
    reason: Reason.PrimaryUnreachable,
    port: [...gone, ...mute],
    host: 'any',
    links: ['unknown'],
    verdict: 'wait',
    message: 'It does not answer, and no replica of it is there to be a witness or to take over.',
  },
];

export interface Analysis {
  readonly reason: Reason;
  readonly verdict: 'alive' | 'dead' | 'wait';
  readonly fence: FenceNeed;
  readonly message: string;
  /** How long (ms) the evidence must still last before the verdict turns to dead. */
  readonly decidesInMs?: number;
}

export function analyse(evidence: Evidence, policy: FailoverGroupSpec['failover']): Analysis {
  const row = analysisTable.find((candidate) => fits(candidate, evidence, policy));
  if (row === undefined) throw new Error(`no row of the analysis table fits ${JSON.stringify(evidence)}`);
  const { reason, message } = row;
  const fence = row.fence ?? 'none';
  const wait = row.after === undefined ? 0 : policy[row.after] * 1000 - evidence.downMs;
  if (row.verdict === 'dead' && wait > 0)
    return { reason, verdict: 'wait', fence, message, decidesInMs: wait };
  return { reason, verdict: row.verdict, fence, message };
}

function fits(row: Row, evidence: Evidence, policy: FailoverGroupSpec['failover']): boolean {
  if (row.until !== undefined && evidence.downMs >= policy[row.until] * 1000) return false;
  if (!row.port.includes(evidence.port)) return false;
  if (row.host !== 'any' && !row.host.includes(evidence.host)) return false;
  if (row.links !== 'any' && !row.links.includes(evidence.links)) return false;
  return row.only === undefined || evidence[row.only];
}
