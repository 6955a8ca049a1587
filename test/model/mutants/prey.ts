import { checkWorld } from '../check-world.ts';
import { mutantWorld } from '../worlds.ts';
import { mutants } from './mutants.ts';

/** The process that load-mutant.ts is loaded into: prints the first violations that the checker finds. */
const world = mutants.find(({ name }) => name === process.env.UNDERSTUDY_MUTANT)?.world ?? {};
const { violations } = await checkWorld({
  scope: { ...mutantWorld, ...world },
  mostStates: 150_000,
  mostViolations: 5,
});
process.stdout.write(JSON.stringify(violations));
