import { inspect } from 'node:util';
import { Command } from 'commander';
import { CastRecorder } from './cast-recorder.ts';
import { runDemo, stepNames } from './demo.ts';
import { Narrator } from './narrator.ts';
import { resultLines } from './result-lines.ts';
import { Screen } from './screen.ts';
import { Session } from './session.ts';
import { describeStatus } from './status-watch.ts';
import { faultsOf, type StepResult } from './step-result.ts';

interface Flags {
  json?: boolean;
  keep?: boolean;
  record?: string;
}

const castColumns = 80;
const castLines = 24;
/** Time to read (ms) when there is a picture to look at; without one there is nothing to wait for. */
const picturePauseMs = 1_800;
const plainPauseMs = 400;

/** The signal is aborted at Ctrl-C or when told to end; at the second time the process ends at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  const interrupt = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Error(`interrupted (${name})`));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt(name));
  return controller.signal;
}

function narratorFor(flags: Flags): { narrator: Narrator; pictured: boolean } {
  const live = flags.json !== true && Screen.fits(process.stderr);
  const recorder =
    flags.record === undefined ? undefined : new CastRecorder(flags.record, castColumns, castLines);
  const pictured = live || recorder !== undefined;
  const screen = pictured ? new Screen(live ? process.stderr : undefined, recorder) : undefined;
  const print = (line: string) => void process.stderr.write(`${line}\n`);
  return { narrator: new Narrator({ steps: stepNames, screen, print }), pictured };
}

async function play(session: Session, flags: Flags, interrupted: AbortSignal): Promise<StepResult[]> {
  const { narrator, pictured } = narratorFor(flags);
  narrator.stageIs(session.stage);
  session.status.onChange((status) => narrator.statusIs(status));
  const cut = new Promise<never>((_, reject) => {
    interrupted.addEventListener('abort', () => reject(interrupted.reason));
  });
  const demo = runDemo({ session, narrator, interrupted, pauseMs: pictured ? picturePauseMs : plainPauseMs });
  try {
    const results = await Promise.race([demo, cut]);
    const shown = pictured || flags.json === true ? ['', ...resultLines(results, pictured), ''] : [];
    narrator.close(shown);
    if (flags.json !== true && !Screen.fits(process.stderr))
      process.stdout.write(`${resultLines(results, false).join('\n')}\n`);
    return results;
  } catch (error) {
    narrator.close([]);
    throw error;
  }
}

function keptText({ folder, groupFile }: Session['stage']): string {
  return `Everything goes on running in ${folder}
  look:  deploy/understudy status --file ${groupFile}
  move:  edit spec.primary in that file, or kill something and see
  end:   ${folder}/end.sh   (ends it all and removes the folder)`;
}

function failureText(error: unknown, session: Session): string {
  // An aborted wait says only that it was; why is in its cause.
  const cause = error instanceof Error && error.name === 'AbortError' ? error.cause : error;
  return `${cause instanceof Error ? cause.message : inspect(cause)}

what the group says:
${describeStatus(session.status.latest)}

the end of the controller's log (--keep leaves all of it, and everything running, to be looked at):
${session.controllerLog()}`;
}

async function main(flags: Flags): Promise<number> {
  const interrupted = interruption();
  const session = await Session.open(flags.keep === true);
  const results: StepResult[] = [];
  let failure: unknown;
  try {
    results.push(...(await play(session, flags, interrupted)));
  } catch (error) {
    failure = error;
    process.stderr.write(`${interrupted.aborted ? 'interrupted' : failureText(error, session)}\n`);
  } finally {
    await session.close();
  }
  if (flags.keep === true) process.stderr.write(`\n${keptText(session.stage)}\n`);
  const ok = failure === undefined && faultsOf(results).length === 0;
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ ok, steps: results })}\n`);
  if (interrupted.aborted) return 130;
  return ok ? 0 : 1;
}

const flags = new Command('demo')
  .description('Two real Redis servers, two bots, one YAML file: what understudy does, and what it costs')
  .option('--json', 'the results as one line of JSON, the last on stdout')
  .option('--keep', 'leave everything running at the end, and say where')
  .option('--record <file>', 'write the live view as an asciinema cast')
  .parse()
  .opts<Flags>();

// Nothing is left to wait for, but a socket of a killed server may linger: end here.
process.exit(await main(flags));
