import type { NodeStatus, Status } from '../crd/status.ts';

/**
 * Whether a reader of status cares about the difference. What moves all the time (a node's lag, memory, seconds since
 * the last sign of life) is written along when something else is, and never by itself: in steady state
 * nothing is written.
 */
export function differs(before: Status, after: Status): boolean {
  return !sameFields(before, after, notCompared) || !sameNodes(before.nodes ?? [], after.nodes ?? []);
}

const notCompared: ReadonlySet<string> = new Set<keyof Status>(['nodes']);
const moving: ReadonlySet<string> = new Set<keyof NodeStatus>([
  'lagBytes',
  'lastIoSecondsAgo',
  'usedMemoryBytes',
]);

function sameNodes(before: readonly NodeStatus[], after: readonly NodeStatus[]): boolean {
  return (
    before.length === after.length && before.every((node, at) => sameFields(node, after[at] ?? {}, moving))
  );
}

/** The order of the keys is nothing: a store may give them back in another. Neither is a key without a value. */
function sameFields(before: object, after: object, except?: ReadonlySet<string>): boolean {
  const [one, other] = [before as Fields, after as Fields];
  for (const key in one) if (!except?.has(key) && !same(one[key], other[key])) return false;
  for (const key in other)
    if (one[key] === undefined && other[key] !== undefined && !except?.has(key)) return false;
  return true;
}

type Fields = Readonly<Record<string, unknown>>;

function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (!Array.isArray(one) || !Array.isArray(other))
    return Array.isArray(one) === Array.isArray(other) && sameFields(one, other);
  return one.length === other.length && one.every((item, at) => same(item, other[at]));
}
