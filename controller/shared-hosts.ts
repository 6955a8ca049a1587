import type { FailoverGroup } from '../crd/failover-group.ts';
import { UnderstudyError } from './understudy-error.ts';

/**
 * Hosts keep a group's epoch and lease under its name alone, so that a group may move between a file and a cluster:
 * two of one name, of two namespaces, would take each other's place there. Throws UnderstudyError for the later one.
 */
export function refuseSharedHosts(
  key: string,
  group: FailoverGroup,
  held: Iterable<readonly [string, { readonly group: FailoverGroup }]>,
): void {
  const own = hostsOf(group);
  for (const [otherKey, other] of held) {
    if (otherKey === key || other.group.metadata.name !== group.metadata.name) continue;
    const shared = hostsOf(other.group).find((host) => own.includes(host));
    if (shared === undefined) continue;
    const message = `The group ${otherKey} has the same name and uses the host ${shared} too, where each is known by its name alone: give one of them another name.`;
    throw new UnderstudyError('GroupInvalid', message);
  }
}

function hostsOf({ spec }: FailoverGroup): string[] {
  return spec.nodes.flatMap(({ ssh }) => (ssh === undefined ? [] : [`${ssh.host}:${ssh.port}`]));
}
