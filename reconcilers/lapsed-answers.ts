import { acceptDataOfAnnotation, confirmFencedAnnotation } from '../crd/annotations.ts';
import type { Status } from '../crd/status.ts';
import type { Situation, Wishes } from './situation.ts';
import { observed } from './situation.ts';

/**
 * An operator's answer stays on the resource when its question is over without a change of primary: the node that
 * was off came back. It answers no later question, though the epoch that it names is still the present one.
 */
export function withoutLapsed(situation: Situation): Situation {
  const lapsed = situation.status.lapsedAnswers ?? [];
  if (lapsed.length === 0) return situation;
  const { acceptDataOf, confirmedFenced, ...others } = situation.wishes;
  const wishes: Wishes = {
    ...others,
    ...(acceptDataOf === undefined || lapsed.includes(accepts(acceptDataOf)) ? {} : { acceptDataOf }),
    ...(confirmedFenced === undefined || lapsed.includes(confirms(confirmedFenced))
      ? {}
      : { confirmedFenced }),
  };
  return { ...situation, wishes };
}

/** Which of the answers that are there, as they stand, are over by now. `asked`: with all that was ever wished for. */
export function lapsedAnswers(
  asked: Situation,
  { conditions = [], lapsedAnswers: before = [] }: Status,
): string[] {
  const { acceptDataOf, confirmedFenced } = asked.wishes;
  const isReady = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  const isAsking = conditions.some(({ message }) => message.includes(acceptDataOfAnnotation));
  const lapsed: string[] = [];
  if (acceptDataOf !== undefined) {
    const word = accepts(acceptDataOf);
    if (before.includes(word) || (isReady && !isAsking)) lapsed.push(word);
  }
  if (confirmedFenced !== undefined) {
    const word = confirms(confirmedFenced);
    if (before.includes(word) || answers(asked, confirmedFenced.node)) lapsed.push(word);
  }
  return lapsed;
}

type Answer = Readonly<{ node: string; epoch: number }>;

const accepts = ({ node, epoch }: Answer): string => `${acceptDataOfAnnotation}=${node}@${epoch}`;
const confirms = ({ node, epoch }: Answer): string => `${confirmFencedAnnotation}=${node}@${epoch}`;

/** It is on, whatever was sworn of it. */
function answers(situation: Situation, node: string): boolean {
  const { host, redis } = observed(situation, node);
  return host.state === 'answers' || redis.state === 'answers';
}
