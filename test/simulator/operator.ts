import type { Status } from '../../crd/status.ts';
import { missingFrom } from './history.ts';
import type { Judge } from './judge.ts';
import type { SimStore } from './sim-store.ts';
import type { Stage } from './stage.ts';

export const isAsking = ({ conditions = [] }: Status): boolean =>
  conditions.some(({ message }) => message.includes('understudy.dev/accept-data-of'));

/** Where the controller stops and asks, the operator answers: keep the data of the node that has most. */
export function answerQuestions(stage: Stage, store: SimStore, judge: Judge): string | undefined {
  const { status } = store;
  if (!isAsking(status)) return undefined;
  const servers = [...stage.servers.values()].filter(({ process }) => process === 'running');
  const current = servers.find(({ name, role }) => name === status.currentPrimary && role === 'primary');
  const [first, ...rest] = servers;
  if (first === undefined) return undefined;
  const richest = rest.reduce(
    (best, server) =>
      missingFrom(best.data, server.data) > missingFrom(server.data, best.data) ? server : best,
    first,
  );
  const available = status.conditions?.some(
    ({ type, status: is }) => type === 'PrimaryAvailable' && is === 'True',
  );
  const keep = available === true && current !== undefined ? current : richest;
  const answer = `${keep.name}@${status.epoch ?? 0}`;
  if (store.annotations['understudy.dev/accept-data-of'] === answer) return undefined;
  judge.excuses.accepted(keep.name, status.epoch ?? 0);
  store.annotate({ 'understudy.dev/accept-data-of': answer });
  return answer;
}
