import type { Action, Outcome } from '../../reconcilers/action.ts';
import { Reason } from '../../reconcilers/reasons.ts';
import type { GroupNode, Reach } from '../group-nodes.ts';
import { refused } from './outcomes.ts';

type Start = Extract<Action, { kind: 'startUnits' }>;

/**
 * Starts units beside the primary. What the plan took for proved by a host's word is proved once more here,
 * under this epoch: the other hosts then refuse every older controller that would start them again.
 */
export async function startUnits(
  reach: Reach,
  node: GroupNode,
  { start, done = [] }: { start: Start; done?: readonly Action[] },
): Promise<Outcome> {
  const unproved: Promise<Outcome>[] = [];
  for (const other of reach.nodes.values()) {
    if (other.name === node.name) continue;
    const proof = start.proofs.find((candidate) => candidate.node === other.name)?.proof;
    if (proof === 'Stopped' && !isJustStopped(other.name, start, done))
      unproved.push(stopUnits(other, start.units, start.epoch));
  }
  const failure = (await Promise.all(unproved)).find((outcome) => outcome.kind !== 'done');
  if (failure !== undefined) return failure;
  if (node.host === undefined) return noHost(node);
  return node.host.startUnits(start.units, start.epoch);
}

/** The same plan stopped all of them there, under the same epoch: that was the proof, a moment ago. */
function isJustStopped(node: string, start: Start, done: readonly Action[]): boolean {
  return done.some(
    (action) =>
      action.kind === 'stopUnits' &&
      action.node === node &&
      action.epoch === start.epoch &&
      start.units.every((unit) => action.units.includes(unit)),
  );
}

/** done only when the host has proved every one of them stopped. */
export async function stopUnits(node: GroupNode, units: readonly string[], epoch: number): Promise<Outcome> {
  return node.host === undefined ? noHost(node) : node.host.stopUnits(units, epoch);
}

/** Stops the node's Redis, or has another machine switch the whole node off: it can take no more writes. */
export async function fence(
  node: GroupNode,
  method: 'stopRedis' | 'outOfBand',
  epoch: number,
): Promise<Outcome> {
  if (method === 'outOfBand')
    return node.fence === undefined
      ? refused(Reason.FencingMissing, `${node.name} has no fence in the spec.`)
      : node.fence.powerOff();
  return node.host === undefined ? noHost(node) : node.host.stopRedis(epoch);
}

export async function startRedis(node: GroupNode, epoch: number): Promise<Outcome> {
  return node.host === undefined ? noHost(node) : node.host.startRedis(epoch);
}

const noHost = (node: GroupNode): Outcome =>
  refused(Reason.CandidateHostSilent, `${node.name} has no host that could be asked.`);
