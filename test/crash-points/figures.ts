import { isGood, type Place, type TableRow } from './table-row.ts';

/** Of all effects, so many may fail to come about again: more would leave too much untried. */
const notAgainShare = 0.05;

/** What a run came to, in numbers. */
export function figuresOf(table: readonly TableRow[], notAgain: readonly Place[]) {
  const tried = table.length + notAgain.length;
  const scenarios = [...new Set([...table, ...notAgain].map(({ scenario }) => scenario))];
  return {
    // Nothing run is not well.
    ok: table.length > 0 && table.every(isGood) && notAgain.length <= tried * notAgainShare,
    ...counts(table, notAgain),
    scenarios: Object.fromEntries(
      scenarios.map((name) => {
        const own = <T extends Place>(rows: readonly T[]): T[] =>
          rows.filter(({ scenario }) => scenario === name);
        return [name, counts(own(table), own(notAgain))];
      }),
    ),
    notAgain: notAgain.map(
      ({ scenario, effect, disturbance }) => `${scenario}: ${effect}: ${disturbance}: not come about again`,
    ),
  };
}

function counts(table: readonly TableRow[], notAgain: readonly Place[]) {
  const of = (rows: readonly Place[], ...names: readonly Place['disturbance'][]): number =>
    rows.filter(({ disturbance }) => names.includes(disturbance)).length;
  return {
    /** Those of the undisturbed runs; after each of them a controller is to be killed. */
    effects: of(table, 'killed') + of(notAgain, 'killed'),
    killed: of(table, 'killed'),
    oldViews: of(table, 'oldView', 'killedThenOldView'),
    undone: of(table, 'undone'),
    different: table.filter((row) => !isGood(row)).length,
    notComeAboutAgain: notAgain.length,
  };
}
