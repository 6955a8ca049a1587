import type { FencingProof } from '../crd/status.ts';
import type { Situation } from './situation.ts';
import { answering, isCurrentWish, observed } from './situation.ts';

/** What proves that a whole node is off; a host that answers is not. */
export function proofOfPowerOff(situation: Situation, name: string): FencingProof | undefined {
  const { host } = observed(situation, name);
  if (host.state === 'answers' || answering(situation, name) !== undefined) return undefined;
  const sworn = situation.wishes.confirmedFenced;
  if (sworn?.node === name && isCurrentWish(situation.status, sworn.epoch)) return 'OperatorConfirmed';
  if (situation.memory.poweredOff.includes(name)) return 'PoweredOff';
  const known = situation.status.fences?.find((fence) => fence.node === name)?.proof;
  // A lease that ran out is proved anew at each look: it says nothing of a Redis that came back since.
  return known === 'LeaseExpired' ? undefined : known;
}
