import type { FailoverGroup, NodeSpec } from '../crd/failover-group.ts';
import type { GroupNode } from './group-nodes.ts';

/** Takes the dead-man watch off every host. Gives the names of those that did not say that it is gone. */
export async function withoutLeases(nodes: Iterable<GroupNode>, epoch: number): Promise<string[]> {
  const left = await Promise.all(
    [...nodes].map(async ({ name, host }) => {
      if (host === undefined) return undefined;
      await host.observe({ seconds: 0, epoch });
      // What a look tells of the lease may have been so before it did its part.
      const view = await host.observe({ seconds: 0, epoch });
      const gone = view.state === 'answers' && (view.lease === undefined || view.lease.state === 'absent');
      return gone ? undefined : name;
    }),
  );
  return left.filter((name) => name !== undefined);
}

/** Nodes of the earlier group that the present one has neither under their name nor at their address. */
export function nodesTakenOut(earlier: FailoverGroup, present: FailoverGroup): string[] {
  const addressOf = ({ redis, ssh }: NodeSpec): string => ssh?.host ?? redis.host;
  const { nodes } = present.spec;
  return earlier.spec.nodes
    .filter((node) => nodes.every((one) => one.name !== node.name && addressOf(one) !== addressOf(node)))
    .map(({ name }) => name);
}

/**
 * A node that was taken out of its group is renewed no more: its watch would end up refusing the writes of whatever
 * its Redis serves then. Where a unit of the group still runs the watch stays: nobody else would ever stop it.
 */
export async function dismissWatch({ host }: GroupNode, epoch: number): Promise<void> {
  const view = await host?.observe();
  const isIdle =
    view?.state === 'answers' &&
    view.units.every(({ state }) => state === 'stopped' || state === 'failed' || state === 'unknownUnit');
  if (isIdle) await host?.observe({ seconds: 0, epoch });
}
