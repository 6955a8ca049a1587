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
