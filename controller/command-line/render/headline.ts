import { activeUnits } from '../../../reconcilers/fencing.ts';
import { rogues } from '../../../reconcilers/lead.ts';
import { Reason } from '../../../reconcilers/reasons.ts';
import { others } from '../../../reconcilers/situation.ts';
import type { Look } from '../look.ts';
import { conditionOf } from './conditions.ts';
import { formatAge, plural } from './quantities.ts';

export interface Headline {
  readonly level: 'good' | 'warn' | 'bad';
  /** What is so, in a sentence, and what to do where something is to be done. */
  readonly text: string;
}

type Sentence = (look: Look, current: string) => Headline | undefined;

/** Whether all is as it should be, as seen from here just now. */
export function isReady(look: Look): boolean {
  return look.controllerRunning && conditionOf(look, 'Ready')?.status === 'True';
}

export function headlineOf(look: Look): Headline {
  const { lead } = look.decision;
  if (lead.current === undefined || lead.blocked?.reason === Reason.OtherFailoverAgent)
    return { level: 'bad', text: lead.blocked?.message ?? 'No primary is known.' };
  for (const sentence of sentences) {
    const headline = sentence(look, lead.current);
    if (headline !== undefined) return headline;
  }
  return allIsWell(look, lead.current);
}

const twoPrimaries: Sentence = ({ situation, decision, controllerRunning }, current) => {
  const rogue = rogues(situation, current);
  if (!decision.lead.settled || rogue.length === 0) return undefined;
  const names = rogue.join(', ');
  const next =
    decision.plan.blocked?.message ??
    (controllerRunning && !situation.spec.paused
      ? `What ${names} holds is kept aside, then it becomes a replica.`
      : 'Nobody mends that now: start the controller, or resume the group.');
  return {
    level: 'bad',
    text: `Two primaries: ${current} leads by right, and ${names} answers as one too. ${next}`,
  };
};

const underWay: Sentence = ({ recorded, situation, decision }) => {
  const open = recorded.transition;
  if (open === undefined) return undefined;
  const from = open.from === undefined ? '' : ` from ${open.from}`;
  const waits = decision.plan.blocked === undefined ? '' : ` It waits: ${decision.plan.blocked.message}`;
  const text = `${open.kind}${from} to ${open.to} is under way for ${formatAge(open.startTime, situation.now)}.${waits}`;
  return { level: 'warn', text };
};

const primaryDown: Sentence = (look, current) => {
  const { lead, plan } = look.decision;
  if (lead.analysis === undefined || lead.analysis.verdict === 'alive') return undefined;
  const blocked = plan.blocked ?? lead.blocked;
  const ready = conditionOf(look, 'Ready');
  const seen = `${current}: ${lead.analysis.message}`;
  if (blocked !== undefined && ready?.status === 'False')
    return {
      level: 'bad',
      text: ready.message.startsWith(`${current}: `) ? ready.message : `${seen} ${ready.message}`,
    };
  const acts = look.controllerRunning && !look.situation.spec.paused;
  const to = lead.change?.to ?? 'another node';
  const next = acts ? `${to} takes over.` : `Nobody acts on it now; ${to} could take over.`;
  return { level: 'bad', text: `${seen} ${next}` };
};

const requestWaits: Sentence = ({ decision, situation }, current) => {
  const { lead } = decision;
  if (lead.blocked === undefined || situation.spec.paused) return undefined;
  const wanted = situation.spec.primary;
  return {
    level: 'warn',
    text: `${current} leads; ${wanted} is asked for, but cannot lead now. ${lead.blocked.message}`,
  };
};

const aboutToMove: Sentence = ({ decision, situation }, current) => {
  const { change } = decision.lead;
  if (change === undefined || situation.spec.paused) return undefined;
  return { level: 'warn', text: `${current} leads; ${change.to} is asked for and can take over now.` };
};

const partNotWell: Sentence = (look, current) => {
  const ready = conditionOf(look, 'Ready');
  if (ready === undefined || ready.status === 'True') return undefined;
  return { level: 'warn', text: `${current} leads, but: ${ready.message}` };
};

const failedOver: Sentence = (look, current) => {
  const { spec } = look.situation;
  const condition = conditionOf(look, 'PrimaryAsRequested');
  if (spec.primary === current || condition === undefined || condition.status === 'True') return undefined;
  return { level: 'warn', text: condition.message };
};

const sentences: readonly Sentence[] = [
  twoPrimaries,
  underWay,
  primaryDown,
  requestWaits,
  aboutToMove,
  partNotWell,
  failedOver,
];

function allIsWell(look: Look, current: string): Headline {
  const { situation } = look;
  const standbys = others(situation, current);
  const sync =
    standbys.length === 1
      ? `its standby ${standbys[0]} is in sync`
      : `its standbys ${standbys.join(', ')} are in sync`;
  const running = activeUnits(situation, current)?.length ?? 0;
  const units =
    situation.spec.units.length === 0
      ? ''
      : `; ${plural(running, 'unit')} ${running === 1 ? 'runs' : 'run'} there`;
  const text = `${current} leads, as requested; ${sync}${units}.`;
  const prepared = conditionOf(look, 'FailoverReady');
  if (situation.spec.paused || prepared === undefined || prepared.status === 'True')
    return { level: 'good', text };
  return { level: 'warn', text: `${text} But a failover is not safe now: ${prepared.message}` };
}
