import { nearest } from './nearest-name.ts';
import type { Fault } from './partial-check.ts';

/** `"<epoch>"`: move the primary back to where spec.primary has it; void once the epoch has moved on. */
export const failbackAnnotation = 'understudy.dev/failback';
/** `"<node>@<epoch>"`: an operator swears that the node is off. */
export const confirmFencedAnnotation = 'understudy.dev/confirm-fenced';
/** `"<node>@<epoch>"`: whose data to keep, the operator's answer when no data set can be proved the right one. */
export const acceptDataOfAnnotation = 'understudy.dev/accept-data-of';
/** `"off"`: in Kubernetes, no Services are kept for this group; those that were are taken away. */
export const servicesAnnotation = 'understudy.dev/services';

const prefix = 'understudy.dev/';
const nodeAtEpochAnnotations: readonly string[] = [confirmFencedAnnotation, acceptDataOfAnnotation];
const knownAnnotations: readonly string[] = [
  failbackAnnotation,
  ...nodeAtEpochAnnotations,
  servicesAnnotation,
];

export interface NodeAtEpoch {
  readonly node: string;
  readonly epoch: number;
}

/** What an annotation says, or a text that tells what is wrong with it and what would be right. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string };

function epochOf(text: string): number | undefined {
  const epoch = /^(0|[1-9]\d*)$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(epoch) ? epoch : undefined;
}

/** Reads the value of `understudy.dev/failback`: the epoch it was meant for. */
export function parseFailbackEpoch(value: string): Parsed<number> {
  const epoch = epochOf(value);
  if (epoch !== undefined) return { ok: true, value: epoch };
  return { ok: false, problem: `must be the epoch that status shows, such as "7", but is "${value}"` };
}

/** Reads the value of `understudy.dev/confirm-fenced` or `understudy.dev/accept-data-of`. */
export function parseNodeAtEpoch(value: string): Parsed<NodeAtEpoch> {
  const at = value.lastIndexOf('@');
  const [node, epoch] = [value.slice(0, Math.max(at, 0)), epochOf(value.slice(at + 1))];
  if (at > 0 && epoch !== undefined && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(node)) {
    return { ok: true, value: { node, epoch } };
  }
  const problem = `must be a node and the epoch that status shows, such as "ct100@7", but is "${value}"`;
  return { ok: false, problem };
}

export function formatNodeAtEpoch({ node, epoch }: NodeAtEpoch): string {
  return `${node}@${epoch}`;
}

function faultOf(name: string, value: string, nodes: readonly string[]): Fault | undefined {
  if (!knownAnnotations.includes(name)) {
    const suggestion = nearest(name, knownAnnotations);
    const message = `is not known; known are ${knownAnnotations.join(', ')}`;
    return { path: [name], message, ...(suggestion === undefined ? {} : { suggestion }) };
  }
  if (name === servicesAnnotation) {
    if (value === 'off' || value === 'on') return undefined;
    return { path: [name], message: `must be "off" or "on", but is "${value}"` };
  }
  if (!nodeAtEpochAnnotations.includes(name)) {
    const parsed = parseFailbackEpoch(value);
    return parsed.ok ? undefined : { path: [name], message: parsed.problem };
  }
  const parsed = parseNodeAtEpoch(value);
  if (!parsed.ok) return { path: [name], message: parsed.problem };
  if (nodes.includes(parsed.value.node)) return undefined;
  const suggestion = nearest(parsed.value.node, nodes);
  const message = `names "${parsed.value.node}", which is none of the nodes: ${nodes.join(', ')}`;
  return {
    path: [name],
    message,
    ...(suggestion === undefined
      ? {}
      : { suggestion: formatNodeAtEpoch({ ...parsed.value, node: suggestion }) }),
  };
}

/**
 * What is wrong with the annotations that are orders to the controller. For files only: in Kubernetes an
 * annotation is not checked on writing, and one that cannot be read shall not take the whole group out of force.
 */
export function annotationFaults(
  annotations: Readonly<Record<string, string>>,
  nodes: readonly string[],
): readonly Fault[] {
  return Object.entries(annotations).flatMap(([name, value]) => {
    const fault = name.startsWith(prefix) ? faultOf(name, value, nodes) : undefined;
    return fault === undefined ? [] : [fault];
  });
}
