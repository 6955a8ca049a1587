import type { Status } from '../../crd/status.ts';
import type { Data } from './history.ts';
import { missingFrom } from './history.ts';
import type { Server } from './server.ts';

/** Its history is the recorded one, or continues it. */
export function isLinked({ data, former }: Server, { primaryReplicationId: recorded }: Status): boolean {
  return data.segment.id === recorded || former?.id === recorded;
}

/**
 * It came back with less than the other one holds, and leads: the other one is what is left of what was lost. After
 * two restarts that no look fell between nothing in Redis tells whether it has less: it is taken for one that has,
 * and all that it has is copied aside.
 */
export function isRescue(old: Server, held: Data, status: Status): boolean {
  if (old.process !== 'running' && old.process !== 'hung') return false;
  return missingFrom(old.data, held) > 0 || (old.role === 'primary' && !isLinked(old, status));
}
