import { disturbances } from './disturbances.ts';
import { isOfChange } from './record-name.ts';
import { isGood, type Place, type TableRow } from './table-row.ts';

/**
 * The table as a page. What differs from run to run is not in its tables: effects of one name are one row, and of the
 * records of what is seen, which come as the looks fall, it is not said how many there were. What was not tried in
 * this run stands at the end.
 */
export function markdownOf(table: readonly TableRow[], notAgain: readonly Place[]): string {
  const scenarios = [...new Set(table.map(({ scenario }) => scenario))];
  const sections = scenarios.map((name) => section(table.filter(({ scenario }) => scenario === name)));
  return `${head}${sections.join('\n')}\n${untried(table.length, notAgain)}`;
}

function untried(rows: number, notAgain: readonly Place[]): string {
  const lines = notAgain.map(({ scenario, effect, disturbance }) => {
    const number = disturbances.findIndex(({ name }) => name === disturbance) + 1;
    return `| ${scenario} | \`${effect}\` | ${number} | not come about again |\n`;
  });
  const told = `## Not come about again\n\n${notAgain.length} of ${rows + notAgain.length} that were to be tried in the run that wrote this page.\n`;
  return lines.length === 0
    ? told
    : `${told}\n| scenario | effect | to be tried | outcome |\n|---|---|---|---|\n${lines.join('')}`;
}

const head = `# Crash points

<!-- Written by \`npm run crash-points -- --write\`: do not edit. -->

Every effect of the controller is a crash point. The real controller, in a process of its own, works on two real Redis
servers with two units on each node; right after an effect has taken place, before its answer is had, the process is
killed with SIGKILL, and another controller is started over the same folder. When that one is at rest, everything is
compared with the run that nobody disturbed: the roles, who follows whom, the data, the settings in force and those in
the config files, the passwords taken, the units, whether writes are taken, copies kept, and the status without times
and epochs; and how often a server was promoted, demoted or repointed, and how often units and servers were started and
stopped, by the servers' own logs and the units' own records. An order that changes nothing counts for nothing.

Before what cannot be taken back, old views are replayed, too. The last column says what was tried at the effect:

${disturbances.map(({ words }, at) => `${at + 1}. ${words}`).join('\n')}

**same**: the end and every count are those of the undisturbed run, in all that was tried.

A record of what is merely seen, and the second and later ones of a kind, come as the looks fall: those that did not come
about again in four runs are named at the end. Not in it: the renewal of a lease, which is part of a look and no effect of
its own (\`npm run test:lab\` and the simulator have it).

`;

function section(rows: readonly TableRow[]): string {
  const [first] = rows;
  if (first === undefined) return '';
  const groups = [...Map.groupBy(rows, ({ effect }) => effect.replace(/ #\d+$/, ''))];
  if (first.disturbance === 'undone')
    return `## Changes that were undone between two looks\n\n| between two looks | outcome |\n|---|---|\n${groups
      .map(([effect, own]) => `| ${effect} | ${outcomeOf(own)} |`)
      .join('\n')}\n`;
  const inOrder = [...groups.filter(([effect]) => !isAsLooksFall(effect)), ...asLooksFall(groups)];
  const lines = inOrder.map(
    ([effect, own]) => `| \`${effect}\` | ${outcomeOf(own)} | ${triedOf(own).join(', ')} |`,
  );
  return `## ${first.scenario}\n\n| effect | outcome | tried |\n|---|---|---|\n${lines.join('\n')}\n`;
}

/** Of some records it is left to the moment when they come: they stand last, by name. */
const isAsLooksFall = (effect: string): boolean =>
  effect.startsWith('store ') && !isOfChange({ name: effect });

function asLooksFall<T>(groups: readonly (readonly [string, T])[]): (readonly [string, T])[] {
  return groups.filter(([effect]) => isAsLooksFall(effect)).sort(([one], [other]) => (one < other ? -1 : 1));
}

function outcomeOf(rows: readonly TableRow[]): string {
  const bad = rows.filter((row) => !isGood(row));
  if (bad.length === 0) return 'same';
  return [...new Set(bad.flatMap(({ differences }) => differences))].join('; ').replaceAll('|', '\\|');
}

const triedOf = (rows: readonly TableRow[]): number[] =>
  disturbances.flatMap(({ name }, at) =>
    rows.some(({ disturbance }) => disturbance === name) ? [at + 1] : [],
  );
