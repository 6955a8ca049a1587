import type { NodeStatus, Status } from '../crd/status.ts';

/**
 * Whether a reader of status cares about the difference. What moves all the time (a node's lag, memory, seconds since
 * the last sign of life) is written along when something else is, and never by itself: in steady state
 * nothing is written.
 */
export function differs(before: Status, after: Status): boolean {
  return JSON.stringify(significant(before)) !== JSON.stringify(significant(after));
}

function significant(status: Status): unknown {
  const { nodes, ...rest } = status;
  return sorted({ ...rest, nodes: nodes?.map(steady) ?? [] });
}

function steady(node: NodeStatus): Omit<NodeStatus, 'lagBytes' | 'lastIoSecondsAgo' | 'usedMemoryBytes'> {
  const { lagBytes: _lag, lastIoSecondsAgo: _io, usedMemoryBytes: _memory, ...kept } = node;
  return kept;
}

/** The same keys in one order: a store may give them back in another. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
