import { inspect } from 'node:util';
import { decimalNumber, optionsOf, runChecker, wholeNumber } from '../world/checker-arguments.ts';
import { lackingOf } from './lacking.ts';
import { runChaos } from './run-chaos.ts';
import { summaryOf } from './summary.ts';

const usage = `npm run chaos -- [--minutes M] [--seed N] [--json] [--keep]
Real Redis servers, bots, writers and the real controller under faults for M minutes (10); the same seed gives the
same faults and pauses. Exit codes: 0 all held, 1 the run itself failed, 2 something happened that must not,
3 no rest at the end, 64 these arguments make no sense, 130 interrupted.`;

const tell = (line: string): void => void process.stderr.write(`${line}\n`);

function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort(new Error(`interrupted (${name})`));
    });
  return controller.signal;
}

async function main(): Promise<number> {
  const values = optionsOf({
    minutes: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'boolean' },
    keep: { type: 'boolean' },
    help: { type: 'boolean' },
  });
  if (values.help === true) {
    console.log(usage);
    return 0;
  }
  const drawn = String(Date.now() % 1_000_000);
  const seed = wholeNumber('--seed', values.seed ?? drawn, { least: 0, most: 999_999_999 });
  const minutes = decimalNumber('--minutes', values.minutes ?? '10', { least: 0.2, most: 10_000 });
  const interrupted = interruption();
  const again = `npm run chaos -- --seed ${seed} --minutes ${minutes}`;
  tell(again);
  try {
    const result = await runChaos(
      { seed, minutes, tell, interrupted },
      (one) => values.keep === true || lackingOf(one, minutes).length > 0,
    );
    const lacking = lackingOf(result, minutes);
    const ok = lacking.length === 0;
    const summary = summaryOf(result, { seed, minutes, lacking });
    for (const line of summary.lines) tell(line);
    if (!ok) tell(`Everything that was recorded is in ${result.folder}. To see it again: ${again}`);
    console.log(JSON.stringify(values.json ? summary.json : { ok }));
    if (ok) return 0;
    return result.convergence.converged && result.astray.length === 0 ? 2 : 3;
  } catch (error) {
    tell(interrupted.aborted ? 'interrupted' : inspect(error));
    console.log(JSON.stringify({ ok: false, seed, error: String(error) }));
    return interrupted.aborted ? 130 : 1;
  }
}

await runChecker(usage, main);
process.exit();
