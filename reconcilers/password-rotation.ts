import type { Status } from '../crd/status.ts';
import type { Action } from './action.ts';
import { isoTime } from './memory.ts';
import type { Situation } from './situation.ts';
import { answering, asPrimary, nodeNames } from './situation.ts';

const standing = (situation: Situation, node: string) => answering(situation, node)?.password;

/** Nodes that answer, and do not take the present password yet. */
function behind(situation: Situation): string[] {
  return nodeNames(situation).filter((node) => standing(situation, node) === 'former');
}

/**
 * On record from the first node that is seen to take only the password before, until every node takes only the
 * present one: a controller that knows no longer what was before still knows that there was something.
 */
export function passwordRotation(situation: Situation): Pick<Status, 'passwordRotation'> {
  const open = situation.status.passwordRotation;
  if (open === undefined)
    return behind(situation).length === 0 ? {} : { passwordRotation: { startTime: isoTime(situation.now) } };
  const over = nodeNames(situation).every((node) => {
    const view = answering(situation, node);
    return view !== undefined && view.password !== 'former' && view.password !== 'accepted';
  });
  return over ? {} : { passwordRotation: open };
}

/**
 * Every node that answers takes the new password beside the old first; replicas log in with the new one then
 * (applyConfig); and only when every node of the group does, the old one goes. So no link and no change of primary
 * ever meets a password that the other side does not take.
 */
export function rotationActions(situation: Situation, epoch: number): Action[] {
  const late = behind(situation);
  if (late.length > 0)
    return late.map((node) => ({ kind: 'rotatePassword' as const, node, stage: 'accept' as const, epoch }));
  if (situation.status.passwordRotation === undefined) return [];
  const ready = nodeNames(situation).every((node) => {
    const view = answering(situation, node);
    return view?.password !== undefined && view.replicationLogin === 'right';
  });
  if (!ready) return [];
  return nodeNames(situation)
    .filter((node) => standing(situation, node) === 'accepted')
    .map((node) => ({ kind: 'rotatePassword' as const, node, stage: 'retire' as const, epoch }));
}

/** Whether a replica may be told to log in with the present password: whoever it would log in to takes it. */
export function mayLogInAnew(situation: Situation, primary: string): boolean {
  return asPrimary(situation, primary) !== undefined && behind(situation).length === 0;
}
