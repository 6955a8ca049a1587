import { Chains, changesOf, describeChain, unchanged } from './chains.ts';
import { cutOffAfter } from './cut-off.ts';
import { allFields, fieldTable } from './field-table.ts';
import { impossibles } from './impossible.ts';
import { chainsToRun, chanceOf, type Extent } from './plan-of-chains.ts';
import { revertImpossible, revertInvalid } from './reverted.ts';

export interface FieldsRun extends Extent {
  readonly seed: number;
  /** From how many specs each impossible document is tried. */
  readonly impossibleFrom: number;
  /** Told of each difference, and of how far it is. */
  readonly tell: (line: string) => void;
}

export interface FieldsResult {
  readonly fields: number;
  readonly values: number;
  readonly chains: number;
  readonly cutOff: number;
  readonly reverted: number;
  readonly differences: number;
}

/** Two switches that the operator throws against S1, knowing it (fencing.ts, power-off.ts). */
const sworn = /fencing: BestEffort|confirm-fenced: of the primary, which/;

/** Everything that is done with the fields: chains, edits followed by silence, and edits that are taken back. */
export async function runFields(run: FieldsRun): Promise<FieldsResult> {
  const chains = new Chains();
  const changes = changesOf(fieldTable);
  const counts = { chains: 0, cutOff: 0, reverted: 0, differences: 0 };
  const judge = (what: string, found: readonly string[]): void => {
    if (found.length === 0) return;
    counts.differences += 1;
    run.tell(`${what}\n  ${found.join('\n  ')}`);
  };
  for await (const chain of chainsToRun(chains, changes, run, chanceOf(run.seed))) {
    judge(describeChain(chain), (await chains.run(chain)).differences);
    counts.chains += 1;
    if (counts.chains % 5000 === 0) run.tell(`${counts.chains} chains, ${counts.differences} differences`);
  }
  for (const isNew of [false, true]) {
    for (const change of changes.filter(({ name }) => !sworn.test(name))) {
      for (const way of [
        { from: unchanged, to: change, isNew },
        { from: change, to: unchanged, isNew },
      ]) {
        const what = `${way.from.name} → ${way.to.name}, cut off${isNew ? ', a new controller' : ''}`;
        judge(what, await cutOffAfter(chains, way));
        counts.cutOff += 1;
      }
    }
  }
  for (const plan of fieldTable) {
    for (const invalid of plan.invalid) {
      const { name, differences } = await revertInvalid(chains, unchanged, plan, invalid);
      judge(name, differences);
      counts.reverted += 1;
    }
  }
  for (const from of [unchanged, ...changes].slice(0, run.impossibleFrom)) {
    for (const impossible of impossibles) {
      const { name, differences } = await revertImpossible(chains, from, impossible);
      judge(name, differences);
      counts.reverted += 1;
    }
  }
  const values = fieldTable.reduce((sum, { valid, invalid }) => sum + valid.length + invalid.length, 0);
  return { fields: allFields().length, values, ...counts };
}
