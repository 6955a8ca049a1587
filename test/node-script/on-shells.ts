import { afterEach, beforeEach, describe } from 'node:test';
import { NodeStage, shells } from './node-stage.ts';

/** Tests on a fresh machine each, in every shell that the script is written for. */
export function onShells(what: string, tests: (stage: () => NodeStage) => void): void {
  for (const shell of shells)
    describe(`${what}, in ${shell.join(' ')}`, { concurrency: false }, () => {
      let stage: NodeStage | undefined;
      beforeEach(async () => {
        stage = await NodeStage.set(shell);
      });
      afterEach(async () => stage?.strike());
      tests(() => {
        if (stage === undefined) throw new Error('only within a test');
        return stage;
      });
    });
}
