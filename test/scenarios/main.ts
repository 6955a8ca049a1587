import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { Command } from 'commander';
import { Lab } from '../lab/lab.ts';
import { LabPaths } from '../lab/lab-paths.ts';
import { catalogue } from './catalogue.ts';
import { type Played, play } from './play.ts';
import { lineOf, table } from './report.ts';
import type { Scenario } from './scenario.ts';

interface Flags {
  readonly json?: boolean;
  readonly list?: boolean;
  readonly only?: readonly string[];
  readonly keep?: boolean;
  readonly jobs: string;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const program = new Command('test:lab')
  .description('Plays what can go wrong on two real hosts, and checks what bots and writers saw of it.')
  .option('--json', 'one JSON document as the last line of stdout')
  .option('--list', 'only tell which scenarios there are')
  .option('--only <name...>', 'only these')
  .option('--keep', 'keep what tells of a scenario even when all went well')
  .option('--jobs <number>', 'labs side by side', '2')
  .showHelpAfterError();

function chosen({ only }: Flags): readonly Scenario[] {
  if (only === undefined) return catalogue;
  return only.map((name) => {
    const found = catalogue.find((scenario) => scenario.name === name);
    if (found === undefined)
      return program.error(`there is no scenario '${name}'; --list tells which there are`);
    return found;
  });
}

/** The labs' folders: UNDERSTUDY_LAB and a number, or `scenarios` and a number beside the other labs. */
function labFolder(number: number): string {
  const name = `${process.env.UNDERSTUDY_LAB ?? 'scenarios'}-${number}`;
  return isAbsolute(name) ? name : join(LabPaths.shared, name);
}

/** Plays them on so many labs side by side: most of a scenario is waiting. */
async function playAll(scenarios: readonly Scenario[], jobs: number, folder: string): Promise<Played[]> {
  const left = [...scenarios];
  const played: Played[] = [];
  const labs = Array.from(
    { length: Math.min(jobs, left.length) },
    (_, index) => new Lab({ folder: labFolder(index + 1), say }),
  );
  const end = async () => {
    await Promise.all(labs.map((lab) => lab.clean()));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void end().finally(() => process.exit(1)));
  try {
    // One after the other: the first builds what all share.
    for (const lab of labs) {
      await lab.clean();
      await lab.up({ hypervisor: true });
    }
    await Promise.all(
      labs.map(async (lab) => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          const result = await play(lab, next, {
            folder: join(folder, next.name),
            keep: flags.keep === true,
          });
          played.push(result);
          say(lineOf(result));
          if (result.ok && flags.keep !== true) rmSync(join(folder, next.name), { recursive: true });
        }
      }),
    );
  } finally {
    await end();
  }
  return scenarios.flatMap(({ name }) => played.filter((one) => one.name === name));
}

program.parse();
const flags = program.opts<Flags>();
if (flags.list) {
  for (const { name, about } of catalogue) process.stdout.write(`${name}: ${about}\n`);
} else {
  const scenarios = chosen(flags);
  const folder = await mkdtemp(join(tmpdir(), 'understudy-scenarios-'));
  const results = await playAll(scenarios, Number(flags.jobs), folder);
  const ok = results.length === scenarios.length && results.every((result) => result.ok);
  if (ok && flags.keep !== true) rmSync(folder, { recursive: true });
  else say(`what tells of them: ${folder}`);
  process.stdout.write(
    flags.json ? `${JSON.stringify({ ok, scenarios: results })}\n` : `${table(results)}\n`,
  );
  process.exitCode = ok ? 0 : 1;
}
