import type { TransitionKind } from '../crd/status.ts';
import type { Analysis } from './analysis.ts';
import { analyse } from './analysis.ts';
import { bestCandidate } from './candidate.ts';
import { evidenceOf } from './evidence.ts';
import { expectedPrimary } from './expected-primary.ts';
import { whyNotFailOver, whyNotSwitchOver } from './guards.ts';
import type { Finding } from './reasons.ts';
import { Reason } from './reasons.ts';
import type { Request } from './request.ts';
import { requestOf } from './request.ts';
import type { Situation } from './situation.ts';
import { answering, asPrimary, nodeNames, observed } from './situation.ts';
import { isPlanned } from './transition.ts';

/** A change of primary that is to be carried out now. */
export interface Change {
  readonly kind: TransitionKind;
  readonly from: string;
  readonly to: string;
  readonly cause: Reason;
  /** handOver: the old one is alive and gives the stage; promote: it is dead, demoted or stale. */
  readonly how: 'handOver' | 'promote';
}

/** Who is on stage, who should be, and what stands in the way. */
export interface Lead {
  /** The node that is primary by right; undefined when none can be told. */
  readonly current?: string;
  /** It answers as the primary and may be relied on: units and replicas are arranged around it. */
  readonly settled: boolean;
  readonly analysis?: Analysis;
  readonly change?: Change;
  /** Why a change that is needed or asked for is not made now. */
  readonly blocked?: Finding;
  readonly adopted?: 'first' | 'byHand';
  /** When (ms from now) the answer may change by the mere passing of time. */
  readonly decidesInMs?: number;
}

export function decideLead(situation: Situation): Lead {
  const watched = nodeNames(situation).find((name) => answering(situation, name)?.otherAgent === true);
  if (watched !== undefined) {
    const message = `A Sentinel watches ${watched}: two agents would undo each other's work. Take the group out of Sentinel (SENTINEL REMOVE), then nothing else is needed.`;
    return {
      ...currentOnly(situation),
      settled: false,
      blocked: { reason: Reason.OtherFailoverAgent, message },
    };
  }
  const expected = expectedPrimary(situation);
  if (expected.kind === 'none') return { settled: false, blocked: expected.finding };
  const current = expected.node;
  const evidence = evidenceOf(situation, current);
  const analysis = analyse(evidence, situation.spec.failover);
  const base = {
    current,
    analysis,
    ...(expected.adopted === undefined ? {} : { adopted: expected.adopted }),
  };
  if (analysis.verdict === 'alive') return { ...base, ...aliveLead(situation, current) };
  if (analysis.verdict === 'wait') {
    const decides = analysis.decidesInMs === undefined ? {} : { decidesInMs: analysis.decidesInMs };
    return { ...base, settled: false, blocked: waiting(current, analysis), ...decides };
  }
  return { ...base, settled: false, ...deadLead(situation, current, analysis) };
}

function currentOnly(situation: Situation): { current?: string } {
  const current = situation.status.currentPrimary;
  return current === undefined ? {} : { current };
}

function waiting(current: string, analysis: Analysis): Finding {
  return { reason: analysis.reason, message: `${current}: ${analysis.message}` };
}

/** The primary is well: is another one asked for, and can it be had? */
function aliveLead(
  situation: Situation,
  current: string,
): Pick<Lead, 'settled' | 'change' | 'blocked' | 'decidesInMs'> {
  const request = requestOf(situation, current);
  if (request === undefined) return { settled: true };
  const refusal = whyNotSwitchOver(situation, current, request.to);
  if (refusal !== undefined) return { settled: true, blocked: refusal.finding, ...retry(refusal.retryInMs) };
  return { settled: true, change: planned(request, current) };
}

const retry = (ms: number | undefined): { decidesInMs?: number } =>
  ms === undefined ? {} : { decidesInMs: ms };

function planned(request: Request, from: string): Change {
  return { kind: request.kind, from, to: request.to, cause: request.cause, how: 'handOver' };
}

/** The primary is dead, demoted or stale: who takes over, and may it be done now? */
function deadLead(
  situation: Situation,
  from: string,
  analysis: Analysis,
): Pick<Lead, 'change' | 'blocked' | 'decidesInMs'> {
  const best = successor(situation, from);
  if ('refusals' in best) return { blocked: nobody(from, analysis, best.refusals) };
  const open = situation.status.transition;
  const continues = open !== undefined && open.to === best.name;
  // A planned change whose old primary died before it gave up the stage is a failover: what it held may be lost.
  const overtaken = continues && isPlanned(open) && analysis.reason !== Reason.PrimaryDemoted;
  // Without a recorded change, a demoted primary that takes the stage again is no failover: nothing has moved.
  const kind = continues && !overtaken ? open.kind : best.name === from ? 'Adoption' : 'Failover';
  const change: Change = {
    kind,
    from: continues ? (open.from ?? from) : from,
    to: best.name,
    cause: analysis.reason,
    how: 'promote',
  };
  if (kind !== 'Failover' || continues) return { change };
  const refusal = whyNotFailOver(situation, from, best.name);
  return refusal === undefined ? { change } : { blocked: refusal.finding, ...retry(refusal.retryInMs) };
}

/** While the primary is dead, a request for a node that can lead is the operator's own choice of successor. */
function successor(situation: Situation, from: string): ReturnType<typeof bestCandidate> {
  const { spec, status } = situation;
  const asked = spec.primary !== from && spec.primary !== status.handledPrimary ? spec.primary : undefined;
  const demoted = observed(situation, from).redis;
  const oldAnswers = demoted.state === 'answers' && demoted.role === 'replica';
  return bestCandidate(situation, from, oldAnswers ? undefined : asked);
}

function nobody(from: string, analysis: Analysis, refusals: readonly Finding[]): Finding {
  const why = refusals.map((finding) => finding.message).join(' ');
  return {
    reason: Reason.NoEligibleCandidate,
    message: `${from}: ${analysis.message} No node can take over: ${why}`,
  };
}

/** The rogue primaries: they answer as one and are not the one by right. */
export function rogues(situation: Situation, current: string): string[] {
  return nodeNames(situation).filter((name) => name !== current && asPrimary(situation, name) !== undefined);
}
