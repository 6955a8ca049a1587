import type { Status } from '../../crd/status.ts';

/** What happened between two statuses, a line each, for those who watch. */
export function tellChanges(before: Status, after: Status): string[] {
  return [...transitionStory(before, after), ...roleStory(before, after), ...conditionStory(before, after)];
}

function transitionStory(before: Status, after: Status): string[] {
  const [was, is] = [before.transition, after.transition];
  if (is !== undefined && is.epoch !== was?.epoch) {
    return [`${is.kind} to ${is.to} on record (epoch ${is.epoch}): ${is.cause}`];
  }
  const [last, known] = [after.lastTransition, before.lastTransition];
  if (last === undefined) return [];
  if (last.epoch !== known?.epoch) return [`${last.kind} to ${last.to} done`];
  const counted = last.lostBytes !== known.lostBytes ? [`lost bytes counted: ${last.lostBytes ?? 0}`] : [];
  const kept = last.preserved !== known.preserved ? [`kept ${shortPath(last.preserved ?? '')}`] : [];
  return [...counted, ...kept];
}

function roleStory(before: Status, after: Status): string[] {
  return (after.nodes ?? []).flatMap(({ name, role, reachable, linkStatus }) => {
    const was = before.nodes?.find((node) => node.name === name);
    if (!reachable) return was?.reachable === false ? [] : [`${name} does not answer`];
    if (was?.role !== role || !was.reachable) return [`${name} is ${role}`];
    return role === 'replica' && linkStatus !== was.linkStatus ? [`${name}'s link is ${linkStatus}`] : [];
  });
}

/** Only the sum of all conditions: their parts are told above. */
function conditionStory(before: Status, after: Status): string[] {
  const ready = (status: Status) => status.conditions?.find(({ type }) => type === 'Ready')?.status;
  if (ready(after) === undefined || ready(after) === ready(before)) return [];
  return [ready(after) === 'True' ? 'Ready: all is as it should be' : 'not Ready'];
}

function shortPath(kept: string): string {
  const [node, path = ''] = kept.split(':');
  return `${node}:…/${path.split('/').at(-1) ?? ''}`;
}
