import { failbackAnnotation } from '../../crd/annotations.ts';
import { setAnnotation, setSpecPrimary } from '../../crd/edit.ts';
import type { Finding } from '../../reconcilers/reasons.ts';
import { Reason } from '../../reconcilers/reasons.ts';
import { reconcile } from '../../reconcilers/reconcile.ts';
import type { Situation } from '../../reconcilers/situation.ts';
import { answering } from '../../reconcilers/situation.ts';
import type { Look } from './look.ts';

/** Why a request would not be carried out now. */
export interface RequestRefusal {
  readonly reason: string;
  readonly message: string;
}

/** A change of primary that a person asks for: what to write for it, and how the planner would take it. */
export interface MoveRequest {
  readonly to: string;
  /** The request for it is on record as met already: only a failback of this epoch moves it there. */
  readonly failbackEpoch?: number;
}

export function moveRequest({ recorded, decision }: Look, to: string): MoveRequest {
  const isMet = recorded.handledPrimary === to && decision.lead.current !== to;
  return isMet ? { to, failbackEpoch: recorded.epoch ?? 0 } : { to };
}

/** Writes the request into the text of the group's file. */
export function writeRequest(text: string, { to, failbackEpoch }: MoveRequest, primary: string): string {
  const asked = primary === to ? text : setSpecPrimary(text, to);
  return failbackEpoch === undefined
    ? asked
    : setAnnotation(asked, failbackAnnotation, String(failbackEpoch));
}

/** The node leads, is well, and nothing is under way. */
export function leadsAlready({ recorded, decision }: Look, node: string): boolean {
  const { current, analysis } = decision.lead;
  return current === node && analysis?.verdict === 'alive' && recorded.transition === undefined;
}

/** Why the request would not be carried out now, by the same planner that would carry it out; or nothing. */
export function whyRefused(look: Look, request: MoveRequest): RequestRefusal | undefined {
  if (!look.controllerRunning) {
    const message = `No controller is running for it on this machine, so nobody would carry it out. Start one (understudy run --file ${look.document.path}), then ask again.`;
    return { reason: 'NoController', message };
  }
  if (look.situation.spec.paused)
    return { reason: Reason.Paused, message: 'The group is paused. Go on with: understudy resume' };
  // Who may take over from a primary that is not well depends on what the controller remembers of it.
  if (look.decision.lead.analysis !== undefined && look.decision.lead.analysis.verdict !== 'alive')
    return answering(look.situation, request.to) === undefined ? unreachable(request.to) : undefined;
  return plannersRefusal(asked(look.situation, request), request.to);
}

const unreachable = (to: string): RequestRefusal => ({
  reason: Reason.CandidateUnreachable,
  message: `${to} does not answer, so it cannot lead.`,
});

function asked(situation: Situation, { to, failbackEpoch }: MoveRequest): Situation {
  const wishes = failbackEpoch === undefined ? {} : { failbackEpoch };
  return {
    ...situation,
    spec: { ...situation.spec, primary: to },
    wishes: { ...situation.wishes, ...wishes },
  };
}

function plannersRefusal(situation: Situation, to: string): Finding | undefined {
  const { lead, plan } = reconcile(situation);
  if (lead.change?.to === to) return plan.blocked;
  if (lead.current === to && lead.analysis?.verdict === 'alive') return undefined;
  return (
    lead.blocked ??
    plan.blocked ?? {
      reason: 'NoEligibleCandidate',
      message: `${lead.change?.to ?? lead.current} is to lead now.`,
    }
  );
}
