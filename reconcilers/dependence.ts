import type { Action } from './action.ts';

/** Steps that everything after them rests on. */
const bearing: readonly Action['kind'][] = ['record', 'fence', 'handOver', 'promote'];

/**
 * Whether `later` must not be done because `failed`, before it in the same plan, was not done. Upkeep of one node
 * or of the units goes on when another one's fails: a bot that cannot start shall not keep a replica from joining.
 */
function restsOn(later: Action, failed: Action): boolean {
  if (bearing.includes(failed.kind)) return true;
  switch (failed.kind) {
    case 'stopUnits':
      // Units on the move, and writes that shall not pass to the new primary before them.
      return later.kind === 'startUnits' || later.kind === 'handOver';
    case 'preserve':
    case 'repoint':
      return 'node' in later && later.node === failed.node && later.kind !== 'stopUnits';
    default:
      return false;
  }
}

/** What is left of a plan when these actions of it were not done. */
export function stillSound(rest: readonly Action[], failed: readonly Action[]): Action[] {
  const dropped = [...failed];
  return rest.filter((action) => {
    const broken = dropped.some((earlier) => restsOn(action, earlier));
    // What was left out was not done either.
    if (broken) dropped.push(action);
    return !broken;
  });
}
